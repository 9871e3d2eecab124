-- rollup: person_totals
-- title: What was sent about each person
-- title.ko: 정보주체별 제공 내역
-- needs: account_totals, shared_accounts, shared_totals, known_holders
-- grain: one person of whom at least one record was sent
-- range: account_key
--
-- A record on an account counts once for each person who counts for the account. Items are records times the number of filled
-- fields of personal data. Days are distinct days, whatever the number of accounts, sources and records. A person is known when a
-- customer table names the account; one who is not is an account of which no customer table says whose it is. The persons lie in the
-- order of the smallest of their accounts on which something was sent.
WITH people AS (
    -- An account that is not shared is its person's only one, and has the same key.
    SELECT
        t.account_key,
        t.account_key AS person_key,
        t.records,
        t.items,
        t.days,
        t.first_date,
        t.last_date,
        CAST(1 AS INTEGER) AS accounts
    FROM account_totals t
    WHERE NOT EXISTS (SELECT 1 FROM shared_accounts h WHERE h.account_key = t.account_key)
    UNION ALL
    SELECT account_key, person_key, records, items, days, first_date, last_date, accounts FROM shared_totals
)
-- By account and person, as one number: that is sorted faster.
SELECT
    p.person_key,
    p.records,
    p.items,
    p.days,
    p.first_date,
    p.last_date,
    p.accounts,
    k.account_key IS NOT NULL AS known
FROM people p
LEFT JOIN known_holders k ON k.account_key = p.account_key AND k.principal
ORDER BY CAST(p.account_key AS BIGINT) * 2147483648 + p.person_key
