-- check: duplicate_files
-- title: Files delivered more than once
-- title.ko: 중복 제출된 파일
-- needs: files
-- severity: note
--
-- Lists files with the same bytes as another file of the source, whatever the name. The bytes count once.
SELECT source, path, file_id, transfer_date, reason
FROM files
WHERE status = 'duplicate'
ORDER BY source, path
