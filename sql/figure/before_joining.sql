-- figure: before_joining
-- title: Data sent about people before they joined
-- title.ko: 가입 전 정보 제공 건수
-- unit: records and persons
-- needs: account_statuses, shared_accounts
-- rule: Personal Information Protection Act, Art. 17; Credit Information Act, Art. 32
-- reading: holders
--
-- Counts the records that were sent on a day before the one on which the customer joined, by the newest customer tables, and
-- the people concerned; a record of the day of joining itself does not count. A day that counts as former or dormant, because
-- the tables say that somebody withdrew or was dormant before they joined, counts there and not here. Where the holders of a
-- joint account have different days, the owner's count. A record on a joint account counts once.
WITH sent AS (
    SELECT account_key, records FROM account_statuses WHERE status = 'before_joining'
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
