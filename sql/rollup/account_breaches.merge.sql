-- Rollups over different months become one: no record stands in two of them, so that records add up; the first date is the
-- earliest, the last one the latest.
SELECT
    account_key,
    items,
    uncovered,
    third_party,
    overseas,
    CAST(sum(records) AS BIGINT) AS records,
    min(first_date) AS first_date,
    max(last_date) AS last_date
FROM account_breaches
GROUP BY account_key, items, uncovered, third_party, overseas
ORDER BY account_key, items, uncovered, third_party, overseas
