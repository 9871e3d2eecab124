-- Rollups over different days become one: no day of a file stands in two of them.
SELECT source, transfer_date, file_id, records, without_account
FROM file_days
ORDER BY source, transfer_date, file_id
