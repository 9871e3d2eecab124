-- figure: total_records
-- title: Records sent
-- title.ko: 제공된 레코드 수
-- unit: records
-- needs: file_days
--
-- A record is one accepted data row of a delivered transfer file. Exact duplicates inside a file count, as they were sent; the
-- same file delivered twice counts once. Records without an account count here and in no person; how many they are stands
-- beside the total. Rejected rows do not count and are listed with their reasons.
SELECT
    CAST(COALESCE(sum(records), 0) AS BIGINT) AS total_records,
    CAST(COALESCE(sum(without_account), 0) AS BIGINT) AS records_without_account
FROM file_days
