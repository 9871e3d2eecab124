-- Rollups over different months become one: no record stands in two of them, so that records add up; the first date is the
-- earliest, the last one the latest.
SELECT
    account_key,
    status,
    CAST(sum(records) AS BIGINT) AS records,
    min(first_date) AS first_date,
    max(last_date) AS last_date
FROM account_statuses
GROUP BY account_key, status
ORDER BY account_key, status
