-- table: by_status
-- title: What was sent by the status of the customer on the day
-- title.ko: 제공일 당시 고객 상태별 내역
-- unit: records and persons
-- needs: account_statuses, account_flows, customers, subjects, sent_days
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
sent AS (
    SELECT account_key, sum(records) AS records FROM account_flows GROUP BY account_key
),
marked AS (
    SELECT account_key, sum(records) AS records FROM account_statuses GROUP BY account_key
),
named AS (
    SELECT account_key FROM customers WHERE account_key IS NOT NULL GROUP BY account_key
),
of_accounts AS (
    SELECT s.no, a.account_key, a.records
    FROM account_statuses a
    JOIN statuses s ON s.status = a.status
    UNION ALL
    SELECT
        CASE WHEN n.account_key IS NULL THEN 5 ELSE 2 END AS no,
        t.account_key,
        t.records - COALESCE(m.records, 0) AS records
    FROM sent t
    LEFT JOIN marked m ON m.account_key = t.account_key
    LEFT JOIN named n ON n.account_key = t.account_key
    WHERE t.records > COALESCE(m.records, 0)
),
persons AS (
    SELECT a.no, count(DISTINCT s.person_key) AS persons
    FROM of_accounts a
    JOIN subjects s ON s.account_key = a.account_key
    GROUP BY a.no
),
records AS (
    SELECT no, sum(records) AS records FROM of_accounts GROUP BY no
    UNION ALL
    SELECT 6 AS no, sum(without_account) AS records FROM sent_days
)
SELECT
    CAST(s.status AS VARCHAR) AS status,
    CAST(COALESCE(t.records, 0) AS BIGINT) AS records,
    CAST(COALESCE(p.persons, 0) AS BIGINT) AS persons
FROM statuses s
LEFT JOIN records t ON t.no = s.no
LEFT JOIN persons p ON p.no = s.no
ORDER BY s.no
