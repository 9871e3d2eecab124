-- The union of the fields by bit_or in place of one row for each field. Two keys are sorted as one number, which is faster.
WITH people AS (
    SELECT a.account_key, a.account_key AS person_key, a.source, CAST(bit_or(a.fields) AS BIGINT) AS fields
    FROM account_flows a
    ANTI JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY a.account_key, a.source
    UNION ALL
    SELECT account_key, person_key, source, fields FROM shared_sources
)
SELECT person_key, source, fields
FROM people
ORDER BY CAST(account_key AS BIGINT) * 2147483648 + person_key, source
