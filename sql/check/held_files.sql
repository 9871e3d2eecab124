-- check: held_files
-- title: Files that wait for a decision
-- title.ko: 결정 대기 중인 파일
-- needs: files
-- severity: incomplete
--
-- Lists files that differ from a loaded file of the same day. Nothing of them counts until the inspector decides which one holds.
SELECT source, path, file_id, transfer_date, reason
FROM files
WHERE status = 'held'
ORDER BY source, path
