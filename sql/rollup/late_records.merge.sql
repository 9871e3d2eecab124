-- Rollups over different months become one: no record stands in two of them, so that records add up; the first date is the
-- earliest, the last one the latest.
SELECT
    account_key,
    source,
    CAST(sum(records) AS BIGINT) AS records,
    min(first_date) AS first_date,
    max(last_date) AS last_date
FROM late_records
GROUP BY account_key, source
ORDER BY account_key, source
