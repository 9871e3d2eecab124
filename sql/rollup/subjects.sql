-- rollup: subjects
-- title: Whose data a record of an account is
-- title.ko: 계정 레코드의 정보주체
-- needs: accounts, holders, params
-- grain: one account and one person who counts for it
-- range: account_key
--
-- By the reading "owner" a record on an account is about its owner alone. By the reading "all" it is about each of its holders.
SELECT account_key, person_key
FROM accounts
WHERE (SELECT holders FROM params) = 'owner'
UNION ALL
SELECT account_key, person_key
FROM holders
WHERE (SELECT holders FROM params) = 'all'
ORDER BY account_key, person_key
