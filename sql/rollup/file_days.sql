-- rollup: file_days
-- title: Records of each file and day, counted in SQL
-- title.ko: 파일별·일자별 레코드 수 (SQL 집계)
-- needs: transfers
-- grain: one day of one file
-- scope: month
--
-- Counts what stands in the lake, record by record, without regard to what was counted when the files were read.
SELECT
    source,
    transfer_date,
    file_id,
    CAST(count(*) AS BIGINT) AS records,
    CAST(count(*) - count(account_key) AS BIGINT) AS without_account
FROM transfers
GROUP BY source, transfer_date, file_id
ORDER BY source, transfer_date, file_id
