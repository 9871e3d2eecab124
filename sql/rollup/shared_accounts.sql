-- rollup: shared_accounts
-- title: Accounts that are not one person's only account
-- title.ko: 다수 명의 계정과 다수 계정 보유자
-- needs: known_holders, params
-- grain: one account and person who counts for it, where the two have not the same key, or the account or the person others
--
-- Every other account is one to one with a person, who has the key of the account: what is asked about persons needs to look at
-- these few alone. By the reading "owner" the principal holder of an account counts for it, by the reading "all" each holder.
-- Accounts that nobody knew before are persons of their own, so that this table changes with the customer tables only, and what is
-- made from it need not be made anew each day.
WITH counting AS (
    SELECT k.account_key, k.person_key
    FROM known_holders k
    CROSS JOIN params p
    WHERE p.holders = 'all' OR k.principal
),
odd AS (
    -- Of several persons of an account, and of several accounts of a person, all but one have not the same key.
    SELECT account_key, person_key FROM counting WHERE account_key <> person_key
),
shared AS (
    SELECT c.account_key, c.person_key
    FROM counting c
    WHERE EXISTS (SELECT 1 FROM odd o WHERE o.account_key = c.account_key)
    UNION
    SELECT c.account_key, c.person_key
    FROM counting c
    WHERE EXISTS (SELECT 1 FROM odd o WHERE o.person_key = c.person_key)
)
SELECT account_key, person_key
FROM shared
ORDER BY account_key, person_key
