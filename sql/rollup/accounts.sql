-- rollup: accounts
-- title: The accounts of the case
-- title.ko: 사건의 계정
-- needs: account_ids, holders
-- grain: one account
--
-- person_key is the owner's. Where the customer tables name several owners it is the smallest person_key of them; where they
-- name joint holders only, the smallest of those. The check several_owners lists these accounts.
WITH owners AS (
    SELECT account_key, COALESCE(min(person_key) FILTER (WHERE holder = 'owner'), min(person_key)) AS person_key
    FROM holders
    GROUP BY account_key
)
SELECT a.account_key, a.sender, a.account_id, o.person_key
FROM account_ids a
LEFT JOIN owners o ON o.account_key = a.account_key
ORDER BY a.account_key
