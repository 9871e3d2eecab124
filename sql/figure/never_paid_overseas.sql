-- figure: never_paid_overseas
-- title: People whose data was sent although they never paid overseas
-- title.ko: 해외결제를 한 적이 없는데도 정보가 제공된 사람 수
-- unit: persons and records
-- needs: account_flows, shared_accounts, payers, person_totals, first_payments, params
-- reading: holders
--
-- Counts each person of whom at least one record was sent and who appears in no overseas payment of the delivered payment
-- tables, at any time. By the reading "settled" of overseas_payment only payments that were settled, or delivered without a
-- status, count as payments; by the reading "any" cancelled ones too. The first two numbers follow the reading of the case, the
-- other two the other one. A payment belongs to everyone who counts for its account. A record counts, once, when at least one
-- of those who count for its account never paid; so a joint account with several of them adds its records once. A person
-- unknown to the customer tables who never paid counts. Records without an account belong to nobody and do not count.
WITH people AS (
    SELECT
        count(*) FILTER (WHERE f.first_settled IS NULL) AS persons_settled,
        count(*) FILTER (WHERE f.first_any IS NULL) AS persons_any
    FROM person_totals t
    LEFT JOIN first_payments f ON f.person_key = t.person_key
),
payer_accounts AS (
    SELECT account_key, count(first_settled) AS payers_settled, count(first_any) AS payers_any FROM payers GROUP BY account_key
),
subject_counts AS (
    SELECT a.account_key, count(*) AS persons
    FROM payer_accounts a
    LEFT JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY a.account_key
),
of_payers AS (
    -- On these accounts nobody counts who never paid, by the one reading or the other.
    SELECT
        sum(f.records) FILTER (WHERE a.payers_settled = c.persons) AS records_settled,
        sum(f.records) FILTER (WHERE a.payers_any = c.persons) AS records_any
    FROM account_flows f
    JOIN payer_accounts a ON a.account_key = f.account_key
    JOIN subject_counts c ON c.account_key = f.account_key
),
sent AS (
    SELECT sum(records) AS records FROM account_flows
),
totals AS (
    SELECT
        COALESCE(s.records, 0) - COALESCE(o.records_settled, 0) AS records_settled,
        COALESCE(s.records, 0) - COALESCE(o.records_any, 0) AS records_any
    FROM sent s
    CROSS JOIN of_payers o
),
reading AS (
    SELECT CASE WHEN overseas_payment = 'any' THEN 1 ELSE 0 END AS is_any FROM params
)
SELECT
    CAST(CASE WHEN r.is_any = 1 THEN p.persons_any ELSE p.persons_settled END AS BIGINT) AS persons,
    CAST(CASE WHEN r.is_any = 1 THEN t.records_any ELSE t.records_settled END AS BIGINT) AS records,
    CAST(CASE WHEN r.is_any = 1 THEN p.persons_settled ELSE p.persons_any END AS BIGINT) AS persons_other_reading,
    CAST(CASE WHEN r.is_any = 1 THEN t.records_settled ELSE t.records_any END AS BIGINT) AS records_other_reading
FROM people p
CROSS JOIN totals t
CROSS JOIN reading r
