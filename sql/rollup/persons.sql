-- rollup: persons
-- title: The persons of the case
-- title.ko: 사건의 정보주체
-- needs: holders, customers
-- grain: one person
--
-- A person is known when a customer table names one of the accounts. A person who is not known is an account of which no
-- customer table says whose it is.
WITH named AS (
    SELECT DISTINCT account_key FROM customers WHERE account_key IS NOT NULL
)
SELECT
    h.person_key,
    count(n.account_key) > 0 AS known
FROM holders h
LEFT JOIN named n ON n.account_key = h.account_key
GROUP BY h.person_key
ORDER BY h.person_key
