-- rollup: shared_accounts
-- title: Accounts that are not one person's only account
-- title.ko: 다수 명의 계정과 다수 계정 보유자
-- needs: subjects
-- grain: one account and person who counts for it, where the account has several such persons or the person several accounts
--
-- Every other account is one to one with a person. Accounts that nobody knew before are, so that this table changes with the
-- customer tables only, and what is made from it need not be made anew each day.
WITH persons AS (
    SELECT person_key FROM subjects GROUP BY person_key HAVING count(*) > 1
),
accounts AS (
    SELECT account_key FROM subjects GROUP BY account_key HAVING count(*) > 1
),
shared AS (
    SELECT s.account_key, s.person_key FROM subjects s JOIN persons p ON p.person_key = s.person_key
    UNION
    SELECT s.account_key, s.person_key FROM subjects s JOIN accounts a ON a.account_key = s.account_key
)
SELECT account_key, person_key
FROM shared
ORDER BY account_key, person_key
