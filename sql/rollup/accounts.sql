-- rollup: accounts
-- title: The accounts of the case
-- title.ko: 사건의 계정
-- needs: account_ids, known_holders
-- grain: one account
-- range: account_key
--
-- person_key is the owner's. Where the customer tables name several owners it is that of the one who comes first by first account
-- and person_id; where they name joint holders only, the first of those. The check several_owners lists these accounts. An account
-- that no customer table knows is a person of its own.
SELECT a.account_key, a.sender, a.account_id, COALESCE(k.person_key, a.account_key) AS person_key
FROM account_ids a
LEFT JOIN known_holders k ON k.account_key = a.account_key AND k.principal
ORDER BY a.account_key
