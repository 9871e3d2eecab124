-- check: files_accounted
-- title: Every file is accounted for
-- title.ko: 모든 파일의 처리 결과가 확인됨
-- needs: files, sources
-- severity: stop
-- rule: Evidence: of every delivered file, records = accepted + rejected, and one known status says what became of it
--
-- Lists files whose records are not the sum of the accepted and the rejected ones, files without a known status, files of a
-- source that the case does not have, and files that are not loaded for which no reason is given.
SELECT
    f.source,
    f.path,
    f.file_id,
    f.status,
    f.records,
    f.accepted,
    f.rejected,
    CASE
        WHEN s.source IS NULL THEN 'source is not of the case'
        WHEN COALESCE(f.status, '') NOT IN ('loaded', 'refused', 'held', 'duplicate', 'superseded') THEN 'status is not known'
        WHEN f.status IN ('refused', 'held') AND COALESCE(f.reason, '') = '' THEN 'no reason is given'
        ELSE 'records are not accepted + rejected'
    END AS problem
FROM files f
LEFT JOIN sources s ON s.source = f.source
WHERE s.source IS NULL
    OR COALESCE(f.status, '') NOT IN ('loaded', 'refused', 'held', 'duplicate', 'superseded')
    OR (f.status IN ('refused', 'held') AND COALESCE(f.reason, '') = '')
    OR f.records IS NULL
    OR f.records <> COALESCE(f.accepted, -1) + COALESCE(f.rejected, -1)
ORDER BY f.source, f.path
