-- rollup: account_years
-- title: Months of each year in which an account's data was sent
-- title.ko: 계정별 연간 제공 월
-- needs: account_months
-- grain: one account and year, named by its January
-- range: account_key
--
-- months has a bit for each month of the year, January's being 1, with at least one record to anybody.
SELECT
    account_key,
    CAST(month - month % 100 + 1 AS INTEGER) AS january,
    CAST(
        max(CASE WHEN month % 100 = 1 THEN 1 ELSE 0 END)
        + max(CASE WHEN month % 100 = 2 THEN 2 ELSE 0 END)
        + max(CASE WHEN month % 100 = 3 THEN 4 ELSE 0 END)
        + max(CASE WHEN month % 100 = 4 THEN 8 ELSE 0 END)
        + max(CASE WHEN month % 100 = 5 THEN 16 ELSE 0 END)
        + max(CASE WHEN month % 100 = 6 THEN 32 ELSE 0 END)
        + max(CASE WHEN month % 100 = 7 THEN 64 ELSE 0 END)
        + max(CASE WHEN month % 100 = 8 THEN 128 ELSE 0 END)
        + max(CASE WHEN month % 100 = 9 THEN 256 ELSE 0 END)
        + max(CASE WHEN month % 100 = 10 THEN 512 ELSE 0 END)
        + max(CASE WHEN month % 100 = 11 THEN 1024 ELSE 0 END)
        + max(CASE WHEN month % 100 = 12 THEN 2048 ELSE 0 END)
        AS INTEGER
    ) AS months
FROM account_months
WHERE records > 0
GROUP BY account_key, month - month % 100
ORDER BY account_key, january
