-- check: several_owners
-- title: Accounts without exactly one owner
-- title.ko: 소유자가 한 명이 아닌 계정
-- needs: holders
-- severity: note
--
-- Lists accounts for which the customer tables name several owners, or joint holders only. Where the owner counts, such an
-- account is counted as that of the person with the smallest person_key among its owners, or among its joint holders.
SELECT
    account_key,
    CAST(count(*) FILTER (WHERE holder = 'owner') AS BIGINT) AS owners,
    CAST(count(*) FILTER (WHERE holder = 'joint') AS BIGINT) AS joint_holders
FROM holders
GROUP BY account_key
HAVING count(*) FILTER (WHERE holder = 'owner') <> 1
ORDER BY account_key
