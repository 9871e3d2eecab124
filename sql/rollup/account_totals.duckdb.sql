-- An account mostly has one row a month, and then the days of its rows add up: one aggregation, of one group an account, is
-- enough. Only for the others are the days of a month united. Rows in one month are told by the bits of their months: 120 months
-- later a bit comes again, which only sends an account to the others.
WITH sent AS (
    SELECT
        account_key,
        records,
        records * popcount(fields) AS items,
        days,
        CAST(month AS BIGINT) * 2147483648 AS month_code,
        CAST(1 AS HUGEINT) << (month - month // 100 * 88) % 120 AS month_bit
    FROM account_months
    WHERE records > 0
),
totals AS MATERIALIZED (
    -- Month and days in one number: the smallest has the first day, by its lowest bit, the largest the last, by its highest.
    SELECT
        account_key,
        sum(records) AS records,
        sum(items) AS items,
        sum(popcount(days)) AS days,
        min(month_code + (days & -days)) AS first_code,
        max(month_code + days) AS last_code,
        count(*) <> bit_count(bit_or(month_bit)) AS several
    FROM sent
    GROUP BY account_key
),
united AS (
    SELECT m.account_key, m.month, bit_or(m.days) AS days
    FROM account_months m
    SEMI JOIN (FROM totals WHERE several) t ON t.account_key = m.account_key
    WHERE m.records > 0
    GROUP BY m.account_key, m.month
),
others AS (
    SELECT account_key, sum(popcount(days)) AS days FROM united GROUP BY account_key
),
coded AS (
    SELECT
        t.account_key,
        t.records,
        t.items,
        COALESCE(o.days, t.days) AS days,
        t.first_code // 2147483648 AS first_month,
        bit_count(t.first_code % 2147483648 - 1) + 1 AS first_day,
        t.last_code // 2147483648 AS last_month,
        length(bin(t.last_code % 2147483648)) AS last_day
    FROM totals t
    LEFT JOIN others o ON o.account_key = t.account_key
)
SELECT
    account_key,
    CAST(records AS BIGINT) AS records,
    CAST(items AS BIGINT) AS items,
    CAST(days AS INTEGER) AS days,
    make_date(first_month // 100, first_month % 100, first_day) AS first_date,
    make_date(last_month // 100, last_month % 100, last_day) AS last_date
FROM coded
ORDER BY account_key
