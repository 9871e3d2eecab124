-- rollup: persons
-- title: The persons of the case
-- title.ko: 사건의 정보주체
-- needs: account_ids, known_holders
-- grain: one person
-- range: account_key
--
-- A person is known when a customer table names one of the accounts. A person who is not known is an account of which no
-- customer table says whose it is. The persons lie in the order of the first account that they hold.
WITH people AS (
    SELECT first_account, person_key, TRUE AS known
    FROM known_holders
    WHERE account_key = first_account
    UNION ALL
    SELECT a.account_key AS first_account, a.account_key AS person_key, FALSE AS known
    FROM account_ids a
    WHERE NOT EXISTS (SELECT 1 FROM known_holders k WHERE k.account_key = a.account_key)
)
SELECT person_key, known
FROM people
ORDER BY first_account, person_key
