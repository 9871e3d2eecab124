-- figure: before_first_payment
-- title: People whose data was sent before they first paid overseas
-- title.ko: 최초 해외결제 이전에 정보가 제공된 사람 수
-- unit: persons and records
-- needs: account_months, subjects, person_totals, first_payments, calendar, params
-- reading: holders, overseas_payment
--
-- Counts people who did pay overseas at some time and of whom at least one record was sent on a day earlier than the day of
-- their first payment; a record of the day of the payment itself is not before it. People who never paid are not counted here
-- but in never_paid_overseas. By the reading "settled" of overseas_payment only payments that were settled, or delivered without
-- a status, count as payments; by the reading "any" cancelled ones too. A payment belongs to everyone who counts for its
-- account. A record counts, once, when it was sent before the first payment of at least one of those who count for its account
-- and paid at some time.
WITH payments AS (
    SELECT f.person_key, CASE WHEN p.overseas_payment = 'any' THEN f.first_any ELSE f.first_settled END AS paid_on
    FROM first_payments f
    CROSS JOIN params p
),
people AS (
    SELECT count(*) AS persons
    FROM person_totals t
    JOIN payments p ON p.person_key = t.person_key
    WHERE t.first_date < p.paid_on
),
account_payments AS (
    SELECT s.account_key, max(p.paid_on) AS paid_on
    FROM subjects s
    JOIN payments p ON p.person_key = s.person_key
    WHERE p.paid_on IS NOT NULL
    GROUP BY s.account_key
),
pay_days AS (
    SELECT paid_on AS date, CAST(NULL AS DATE) AS calendar_date FROM account_payments GROUP BY paid_on
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
account_bounds AS (
    SELECT a.account_key, b.month, b.bit
    FROM account_payments a
    JOIN bounds b ON b.paid_on = a.paid_on
),
sent AS (
    SELECT sum(m.per_day * popcount(CASE WHEN m.month < b.month THEN m.days ELSE bitwise_and(m.days, b.bit - 1) END)) AS records
    FROM account_months m
    JOIN account_bounds b ON b.account_key = m.account_key
    WHERE m.month <= b.month
)
SELECT
    CAST(p.persons AS BIGINT) AS persons,
    CAST(COALESCE(s.records, 0) AS BIGINT) AS records
FROM people p
CROSS JOIN sent s
