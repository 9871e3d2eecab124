-- finding: before_first_payment
-- title: Data sent about people before they first paid overseas
-- title.ko: 최초 해외결제 이전의 정보 제공
-- needs: account_months, subjects, person_totals, first_payments, calendar, params
-- rule: Personal Information Protection Act, Art. 17 and 28-8; Credit Information Act, Art. 32
-- reading: holders, overseas_payment
--
-- One row for each person who did pay overseas at some time and of whom at least one record was sent on a day earlier than the
-- day of the first payment. Records, first and last date are those of the records before that day; the day of the payment
-- itself is not before it. By the reading "settled" only payments that were settled, or delivered without a status, count as
-- payments; by the reading "any" cancelled ones too.
WITH payments AS (
    SELECT
        t.person_key,
        t.first_date,
        CASE WHEN p.overseas_payment = 'any' THEN f.first_any ELSE f.first_settled END AS paid_on
    FROM person_totals t
    JOIN first_payments f ON f.person_key = t.person_key
    CROSS JOIN params p
),
early AS (
    SELECT person_key, first_date, paid_on FROM payments WHERE first_date < paid_on
),
pay_days AS (
    SELECT paid_on AS date, CAST(NULL AS DATE) AS calendar_date FROM early GROUP BY paid_on
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
person_bounds AS (
    SELECT e.person_key, b.month, b.bit
    FROM early e
    JOIN bounds b ON b.paid_on = e.paid_on
),
sent AS (
    SELECT
        s.person_key,
        m.month,
        m.per_day,
        CASE WHEN m.month < b.month THEN m.days ELSE bitwise_and(m.days, b.bit - 1) END AS days
    FROM account_months m
    JOIN subjects s ON s.account_key = m.account_key
    JOIN person_bounds b ON b.person_key = s.person_key
    WHERE m.month <= b.month
),
totals AS (
    SELECT person_key, sum(per_day * popcount(days)) AS records, max(month) AS last_month
    FROM sent
    WHERE days <> 0
    GROUP BY person_key
),
last_dates AS (
    SELECT t.person_key, max(c.date) AS last_date
    FROM totals t
    JOIN sent s ON s.person_key = t.person_key AND s.month = t.last_month
    JOIN calendar c ON c.month = s.month AND bitwise_and(s.days, c.bit) <> 0
    GROUP BY t.person_key
)
SELECT t.person_key, CAST(t.records AS BIGINT) AS records, e.first_date, l.last_date
FROM totals t
JOIN early e ON e.person_key = t.person_key
LEFT JOIN last_dates l ON l.person_key = t.person_key
ORDER BY t.person_key
