-- check: rejected_share
-- title: Share of rejected records
-- title.ko: 거부된 레코드의 비율
-- needs: files, params
-- severity: incomplete
--
-- Lists sources of whose loaded files more records were rejected than the limit of the case allows (rejected_per_million). So
-- many rejects mean that the layout is wrong or that the delivery is damaged, and that the figures leave out too much.
WITH totals AS (
    SELECT source, sum(records) AS records, sum(rejected) AS rejected
    FROM files
    WHERE status = 'loaded'
    GROUP BY source
)
SELECT
    t.source,
    CAST(t.records AS BIGINT) AS records,
    CAST(t.rejected AS BIGINT) AS rejected,
    p.rejected_per_million
FROM totals t
CROSS JOIN params p
WHERE t.rejected * 1000000 > t.records * p.rejected_per_million
ORDER BY t.source
