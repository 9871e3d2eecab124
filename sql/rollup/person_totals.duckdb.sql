-- The union of the days by bit_or in place of one aggregate for each bit: a group takes a tenth of the memory.
WITH months AS (
    -- days is the union of the bits. Of several sets of days the smallest lowest bit is the first day of all, and the largest
    -- value has the last.
    SELECT
        s.person_key,
        m.month,
        sum(m.records) AS records,
        sum(m.records * popcount(m.fields)) AS items,
        bit_or(m.days) AS days,
        min(bitwise_and(m.days, -m.days)) AS first_bit,
        length(bin(max(m.days))) AS last_day
    FROM account_months m
    JOIN subjects s ON s.account_key = m.account_key
    WHERE m.records > 0
    GROUP BY s.person_key, m.month
),
totals AS (
    -- Month and day in one number: its minimum and maximum are the first and the last day.
    SELECT
        person_key,
        sum(records) AS records,
        sum(items) AS items,
        sum(popcount(days)) AS days,
        min(CAST(month AS BIGINT) * 2147483648 + first_bit) AS first_code,
        max(CAST(month AS BIGINT) * 100 + last_day) AS last_code
    FROM months
    GROUP BY person_key
),
sent AS (
    SELECT account_key FROM account_months WHERE records > 0 GROUP BY account_key
),
held AS (
    SELECT s.person_key, count(*) AS accounts
    FROM subjects s
    JOIN sent a ON a.account_key = s.account_key
    GROUP BY s.person_key
),
codes AS (
    SELECT
        date,
        CAST(month AS BIGINT) * 2147483648 + bit AS first_code,
        CAST(month AS BIGINT) * 100 + day AS last_code
    FROM calendar
)
SELECT
    t.person_key,
    CAST(t.records AS BIGINT) AS records,
    CAST(t.items AS BIGINT) AS items,
    CAST(t.days AS INTEGER) AS days,
    f.date AS first_date,
    c.date AS last_date,
    CAST(h.accounts AS INTEGER) AS accounts
FROM totals t
JOIN held h ON h.person_key = t.person_key
LEFT JOIN codes f ON f.first_code = t.first_code
LEFT JOIN codes c ON c.last_code = t.last_code
ORDER BY t.person_key
