-- check: several_owners
-- title: Accounts without exactly one owner
-- title.ko: 소유자가 한 명이 아닌 계정
-- needs: known_holders
-- severity: note
--
-- Lists accounts for which the customer tables name several owners, or joint holders only. Where the owner counts, such an
-- account is counted as that of the person who comes first among its owners, or among its joint holders: by the smallest account
-- that the person holds, and by person_id where it is the same.
WITH odd AS (
    -- An owner beside the principal one, or a joint holder as principal.
    SELECT account_key FROM known_holders WHERE principal = (holder = 'joint') GROUP BY account_key
)
SELECT
    k.account_key,
    CAST(count(*) FILTER (WHERE k.holder = 'owner') AS BIGINT) AS owners,
    CAST(count(*) FILTER (WHERE k.holder = 'joint') AS BIGINT) AS joint_holders
FROM known_holders k
JOIN odd o ON o.account_key = k.account_key
GROUP BY k.account_key
HAVING count(*) FILTER (WHERE k.holder = 'owner') <> 1
ORDER BY k.account_key
