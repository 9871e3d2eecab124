-- figure: before_first_payment
-- title: People whose data was sent before they first paid overseas
-- title.ko: 최초 해외결제 이전에 정보가 제공된 사람 수
-- unit: persons and records
-- needs: early_records, params
-- reading: holders, overseas_payment
--
-- Counts people who did pay overseas at some time and of whom at least one record was sent on a day earlier than the day of
-- their first payment; a record of the day of the payment itself is not before it. People who never paid are not counted here
-- but in never_paid_overseas. By the reading "settled" of overseas_payment only payments that were settled, or delivered without
-- a status, count as payments; by the reading "any" cancelled ones too. A payment belongs to everyone who counts for its
-- account. A record counts, once, when it was sent before the first payment of at least one of those who count for its account
-- and paid at some time.
WITH sent AS (
    SELECT e.account_key, e.person_key, e.records
    FROM early_records e
    JOIN params p ON p.overseas_payment = e.reading
),
people AS (
    SELECT count(DISTINCT person_key) AS persons FROM sent
),
of_accounts AS (
    -- What was sent before the first payment of one person was sent before a later one of another too.
    SELECT account_key, max(records) AS records FROM sent GROUP BY account_key
),
totals AS (
    SELECT sum(records) AS records FROM of_accounts
)
SELECT
    CAST(p.persons AS BIGINT) AS persons,
    CAST(COALESCE(t.records, 0) AS BIGINT) AS records
FROM people p
CROSS JOIN totals t
