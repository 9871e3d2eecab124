-- figure: dormant_customers
-- title: Data sent about dormant customers
-- title.ko: 휴면 고객의 정보 제공 건수
-- unit: records and persons
-- needs: account_statuses, shared_accounts
-- rule: Personal Information Protection Act, Art. 3(1) and 18; Credit Information Act, Art. 33
-- reading: holders
--
-- Counts the records that were sent on or after the day on which the customer became dormant, by the newest customer tables,
-- and before the customer counted as former, and the people concerned. Dormancy of the account counts, whatever other accounts
-- the person uses. Where the holders of a joint account have different days, the owner's count. A record on a joint account
-- counts once.
WITH sent AS (
    SELECT account_key, records FROM account_statuses WHERE status = 'dormant'
),
people AS (
    SELECT COALESCE(s.person_key, a.account_key) AS person_key
    FROM sent a
    LEFT JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY COALESCE(s.person_key, a.account_key)
),
persons AS (
    SELECT count(*) AS persons FROM people
),
totals AS (
    SELECT sum(records) AS records FROM sent
)
SELECT
    CAST(COALESCE(t.records, 0) AS BIGINT) AS records,
    CAST(p.persons AS BIGINT) AS persons
FROM totals t
CROSS JOIN persons p
