-- Rollups over different months become one: no record stands in two of them, so that records add up.
SELECT
    account_key,
    source,
    fields,
    CAST(sum(records) AS BIGINT) AS records
FROM account_unneeded
GROUP BY account_key, source, fields
ORDER BY account_key, source, fields
