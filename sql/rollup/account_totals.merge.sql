-- Two rollups over different months become one: no day stands in both, so that everything adds up.
SELECT
    account_key,
    CAST(sum(records) AS BIGINT) AS records,
    CAST(sum(items) AS BIGINT) AS items,
    CAST(sum(days) AS INTEGER) AS days,
    min(first_date) AS first_date,
    max(last_date) AS last_date
FROM account_totals
GROUP BY account_key
ORDER BY account_key
