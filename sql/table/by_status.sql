-- table: by_status
-- title: What was sent by the status of the customer on the day
-- title.ko: 제공일 당시 고객 상태별 내역
-- unit: records and persons
-- needs: account_statuses, account_flows, shared_accounts, person_totals, sent_days
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
unknown AS (
    -- An account that no customer table names is a person of its own.
    SELECT sum(records) AS records, count(*) AS persons FROM person_totals WHERE NOT known
),
marked AS (
    SELECT account_key, sum(records) AS records FROM account_statuses GROUP BY account_key
),
marked_people AS (
    SELECT COALESCE(s.person_key, m.account_key) AS person_key
    FROM marked m
    LEFT JOIN shared_accounts s ON s.account_key = m.account_key
    GROUP BY COALESCE(s.person_key, m.account_key)
),
their_accounts AS (
    -- Whoever has no shared account has one with their own key.
    SELECT COALESCE(s.account_key, m.person_key) AS account_key, m.person_key
    FROM marked_people m
    LEFT JOIN shared_accounts s ON s.person_key = m.person_key
),
their_records AS (
    SELECT a.person_key, f.records
    FROM account_flows f
    JOIN their_accounts a ON a.account_key = f.account_key
    UNION ALL
    SELECT a.person_key, -m.records AS records
    FROM marked m
    JOIN their_accounts a ON a.account_key = m.account_key
),
never_active AS (
    SELECT person_key FROM their_records GROUP BY person_key HAVING sum(records) = 0
),
active AS (
    -- Everyone of whom something was sent, but for those of whom all of it stands in other rows.
    SELECT
        (SELECT sum(records) FROM account_flows) - COALESCE((SELECT sum(records) FROM marked), 0)
            - COALESCE((SELECT records FROM unknown), 0) AS records,
        (SELECT count(*) FROM person_totals) - (SELECT persons FROM unknown) - (SELECT count(*) FROM never_active) AS persons
),
records AS (
    SELECT status, sum(records) AS records FROM account_statuses GROUP BY status
    UNION ALL
    SELECT 'active' AS status, records FROM active
    UNION ALL
    SELECT 'unknown' AS status, records FROM unknown
    UNION ALL
    SELECT 'none' AS status, sum(without_account) AS records FROM sent_days
),
persons_of AS (
    SELECT a.status, count(DISTINCT COALESCE(s.person_key, a.account_key)) AS persons
    FROM account_statuses a
    LEFT JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY a.status
    UNION ALL
    SELECT 'active' AS status, persons FROM active
    UNION ALL
    SELECT 'unknown' AS status, persons FROM unknown
)
SELECT
    CAST(s.status AS VARCHAR) AS status,
    CAST(COALESCE(t.records, 0) AS BIGINT) AS records,
    CAST(COALESCE(p.persons, 0) AS BIGINT) AS persons
FROM statuses s
LEFT JOIN records t ON t.status = s.status
LEFT JOIN persons_of p ON p.status = s.status
ORDER BY s.no
