-- The union of the fields by bit_or in place of one row for each field.
SELECT
    s.person_key,
    CAST(min(a.account_key) AS INTEGER) AS account_key,
    a.source,
    CAST(bit_or(a.fields) AS BIGINT) AS fields
FROM account_flows a
JOIN shared_accounts s ON s.account_key = a.account_key
GROUP BY s.person_key, a.source
ORDER BY s.person_key, a.source
