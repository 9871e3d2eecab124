-- rollup: payer_totals
-- title: What was sent about people who paid overseas
-- title.ko: 해외결제 이용자 관련 제공 내역
-- needs: person_totals, first_payments, account_flows, payers, shared_accounts
-- grain: one row
--
-- persons are all of whom at least one record was sent, persons_settled and persons_any those of them who paid overseas at any time: by the
-- reading "settled" of overseas_payment only payments that were settled, or delivered without a status, count as payments; by the
-- reading "any" cancelled ones too. records are all on accounts, records_settled and records_any those on accounts for which nobody
-- counts who never paid.
WITH everyone AS (
    SELECT count(*) AS persons FROM person_totals
),
paid AS (
    SELECT count(f.first_settled) AS persons_settled, count(f.first_any) AS persons_any
    FROM person_totals t
    JOIN first_payments f ON f.person_key = t.person_key
),
payer_accounts AS (
    SELECT account_key, count(first_settled) AS payers_settled, count(first_any) AS payers_any FROM payers GROUP BY account_key
),
subject_counts AS (
    SELECT a.account_key, a.payers_settled, a.payers_any, count(*) AS persons
    FROM payer_accounts a
    LEFT JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY a.account_key, a.payers_settled, a.payers_any
),
of_payers AS (
    SELECT
        sum(f.records) FILTER (WHERE c.payers_settled = c.persons) AS records_settled,
        sum(f.records) FILTER (WHERE c.payers_any = c.persons) AS records_any
    FROM account_flows f
    JOIN subject_counts c ON c.account_key = f.account_key
),
sent AS (
    SELECT sum(records) AS records FROM account_flows
)
SELECT
    CAST(e.persons AS BIGINT) AS persons,
    CAST(p.persons_settled AS BIGINT) AS persons_settled,
    CAST(p.persons_any AS BIGINT) AS persons_any,
    CAST(COALESCE(s.records, 0) AS BIGINT) AS records,
    CAST(COALESCE(o.records_settled, 0) AS BIGINT) AS records_settled,
    CAST(COALESCE(o.records_any, 0) AS BIGINT) AS records_any
FROM everyone e
CROSS JOIN paid p
CROSS JOIN sent s
CROSS JOIN of_payers o
ORDER BY persons
