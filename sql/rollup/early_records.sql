-- rollup: early_records
-- title: What was sent before the first overseas payment
-- title.ko: 최초 해외결제 이전에 제공된 내역
-- needs: account_months, payers, calendar
-- grain: one account, one person who counts for it and paid overseas, and reading of what a payment is (any, settled)
-- range: account_key
--
-- The records that were sent on the account on days earlier than that of the person's first payment, whichever account it was
-- made with; a record of the day of the payment itself is not before it. By the reading "settled" only payments that were
-- settled, or delivered without a status, count as payments; by the reading "any" cancelled ones too.
WITH payments AS (
    SELECT account_key, person_key, 1 AS reading, first_any AS paid_on FROM payers
    UNION ALL
    SELECT account_key, person_key, 2 AS reading, first_settled AS paid_on FROM payers
),
late AS (
    SELECT p.account_key, p.person_key, p.reading, p.paid_on
    FROM payments p
    CROSS JOIN (SELECT min(date) AS first_date FROM calendar) c
    WHERE p.paid_on > c.first_date
),
pay_days AS (
    SELECT paid_on AS date, CAST(NULL AS DATE) AS calendar_date FROM late GROUP BY paid_on
    UNION ALL
    SELECT date, date AS calendar_date FROM calendar
),
next_days AS (
    -- A payment may lie on a day that the calendar does not have. What was sent before it was sent before the next day that the
    -- calendar has; where there is none, everything was.
    SELECT
        date,
        calendar_date,
        min(calendar_date) OVER (ORDER BY date RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_date
    FROM pay_days
),
bounds AS (
    SELECT n.date AS paid_on, COALESCE(c.month, 999913) AS month, COALESCE(c.bit, 1) AS bit
    FROM next_days n
    LEFT JOIN calendar c ON c.date = n.next_date
    WHERE n.calendar_date IS NULL
),
limits AS (
    SELECT l.account_key, l.person_key, l.reading, b.month, b.bit
    FROM late l
    JOIN bounds b ON b.paid_on = l.paid_on
),
sent AS (
    SELECT
        l.account_key,
        l.person_key,
        l.reading,
        CAST(m.month AS BIGINT) * 2147483648 AS month_code,
        m.per_day,
        CASE WHEN m.month < l.month THEN m.days ELSE bitwise_and(m.days, l.bit - 1) END AS days
    FROM account_months m
    JOIN limits l ON l.account_key = m.account_key
    WHERE m.month <= l.month AND m.records > 0
),
totals AS (
    -- Of several sets of days in the first month the smallest lowest bit is the first day; in the last month the largest
    -- value has the last.
    SELECT
        account_key,
        person_key,
        reading,
        sum(per_day * popcount(days)) AS records,
        min(month_code + bitwise_and(days, -days)) AS first_code,
        max(month_code + days) AS last_code
    FROM sent
    WHERE days <> 0
    GROUP BY account_key, person_key, reading
),
codes AS (
    SELECT
        date,
        CAST(month AS BIGINT) * 2147483648 AS month_code,
        CAST(month AS BIGINT) * 2147483648 + bit AS code,
        CAST(month AS BIGINT) * 2147483648 + bit * CAST(2 AS BIGINT) AS next_code
    FROM calendar
)
SELECT
    t.account_key,
    t.person_key,
    CASE t.reading WHEN 1 THEN 'any' ELSE 'settled' END AS reading,
    CAST(t.records AS BIGINT) AS records,
    f.date AS first_date,
    l.date AS last_date
FROM totals t
JOIN codes f ON f.code = t.first_code
JOIN codes l ON l.month_code = t.last_code - t.last_code % 2147483648 AND l.code <= t.last_code AND t.last_code < l.next_code
ORDER BY t.account_key, t.person_key, t.reading
