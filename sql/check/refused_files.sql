-- check: refused_files
-- title: Files that are refused
-- title.ko: 거부된 파일
-- needs: files
-- severity: incomplete
--
-- Lists files that cannot be trusted as a whole, with the reason. Nothing of them counts.
SELECT source, path, file_id, transfer_date, reason
FROM files
WHERE status = 'refused'
ORDER BY source, path
