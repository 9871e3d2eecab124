-- table: records_per_month
-- title: Records sent in each month
-- title.ko: 월별 제공 레코드 수
-- unit: records
-- needs: file_days, calendar
--
-- All records of each month, with and without an account, as yyyymm. Months of the inspected period without a record stand in
-- the table with 0; a month outside it only where something was sent.
WITH days AS (
    SELECT transfer_date, sum(records) AS records FROM file_days GROUP BY transfer_date
)
SELECT c.month, CAST(COALESCE(sum(d.records), 0) AS BIGINT) AS records
FROM calendar c
LEFT JOIN days d ON d.transfer_date = c.date
GROUP BY c.month
ORDER BY c.month
