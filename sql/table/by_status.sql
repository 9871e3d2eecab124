-- table: by_status
-- title: What was sent by the status of the customer on the day
-- title.ko: 제공일 당시 고객 상태별 내역
-- unit: records and persons
-- needs: account_statuses, subjects, sent_days
-- rule: Personal Information Protection Act, Art. 3(1), 17, 18 and 21
-- reading: holders
--
-- Every record stands in exactly one row: none, when it has no account; unknown, when no customer table names the account;
-- former, on a day after the withdrawal; else dormant, from the day on which the account became so; else before_joining, on a
-- day before the customer joined; else active. A person counts once in each row that one of their records is in.
WITH statuses AS (
    SELECT no, status
    FROM (VALUES (1, 'before_joining'), (2, 'active'), (3, 'dormant'), (4, 'former'), (5, 'unknown'), (6, 'none')) AS s (no, status)
),
people AS (
    SELECT a.status, s.person_key
    FROM account_statuses a
    JOIN subjects s ON s.account_key = a.account_key
    GROUP BY a.status, s.person_key
),
persons AS (
    SELECT status, count(*) AS persons FROM people GROUP BY status
),
sent AS (
    SELECT status, sum(records) AS records FROM account_statuses GROUP BY status
    UNION ALL
    SELECT 'none' AS status, sum(without_account) AS records FROM sent_days
)
SELECT
    CAST(s.status AS VARCHAR) AS status,
    CAST(COALESCE(t.records, 0) AS BIGINT) AS records,
    CAST(COALESCE(p.persons, 0) AS BIGINT) AS persons
FROM statuses s
LEFT JOIN sent t ON t.status = s.status
LEFT JOIN persons p ON p.status = s.status
ORDER BY s.no
