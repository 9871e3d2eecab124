-- check: control_totals
-- title: The sender's own counts
-- title.ko: 제공기관의 자체 집계와 대조
-- needs: files
-- severity: stop
-- rule: Evidence: where the sender states how many records a file has, the file has as many
--
-- Lists loaded files whose number of records, accepted and rejected together, is not the number that the sender states for
-- them. Files for which the sender states none are not listed.
SELECT source, path, file_id, control_records, records
FROM files
WHERE status = 'loaded' AND control_records IS NOT NULL AND control_records <> records
ORDER BY source, path
