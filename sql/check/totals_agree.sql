-- check: totals_agree
-- title: Three counts of the same records agree
-- title.ko: 세 가지 방법으로 센 레코드 수의 일치
-- needs: files, sources, source_days, fields, file_days, sent_days, account_flows
-- severity: stop
-- rule: Evidence: what was counted on reading, what the Parquet footers say, and what SQL counts in the lake are the same
--
-- Lists loaded files where the accepted records counted on reading, the rows by the footers of their Parquet files, and, for
-- transfers, the records that SQL counts in the lake differ; what SQL finds in the lake of a file that is not loaded; days of a
-- source on which the count of reading and that of SQL differ; days on which sent_days, which is not counted by SQL, has other
-- records, or others without an account; fields that were filled in other numbers of records by the count of reading than by
-- sent_days; and sources whose records with an account are not all in account_flows, which is account_months added up, month by
-- month as they were closed. For the rollups that are not counted by SQL from the records counted is theirs, and expected SQL's;
-- elsewhere counted is SQL's, and expected the other path's.
WITH loaded AS (
    SELECT f.source, f.file_id, f.accepted, f.footer_rows
    FROM files f
    WHERE f.status = 'loaded'
),
counted_files AS (
    SELECT source, file_id, sum(records) AS records FROM file_days GROUP BY source, file_id
),
by_file AS (
    SELECT
        COALESCE(l.source, c.source) AS source,
        COALESCE(l.file_id, c.file_id) AS file_id,
        COALESCE(l.accepted, 0) AS accepted,
        COALESCE(l.footer_rows, 0) AS footer_rows,
        CASE WHEN l.file_id IS NULL THEN 1 ELSE 0 END AS stray,
        COALESCE(c.records, 0) AS counted,
        s.kind
    FROM loaded l
    FULL OUTER JOIN counted_files c ON c.source = l.source AND c.file_id = l.file_id
    LEFT JOIN sources s ON s.source = COALESCE(l.source, c.source)
),
counted_days AS (
    SELECT source, transfer_date, sum(records) AS records, sum(without_account) AS without_account
    FROM file_days
    GROUP BY source, transfer_date
),
by_day AS (
    SELECT
        COALESCE(d.source, c.source) AS source,
        COALESCE(d.transfer_date, c.transfer_date) AS transfer_date,
        COALESCE(d.records, 0) AS expected,
        COALESCE(c.records, 0) AS counted
    FROM source_days d
    FULL OUTER JOIN counted_days c ON c.source = d.source AND c.transfer_date = d.transfer_date
),
in_sent_days AS (
    SELECT source, transfer_date, sum(records) AS records, sum(without_account) AS without_account
    FROM sent_days
    GROUP BY source, transfer_date
),
by_sent_day AS (
    SELECT
        COALESCE(c.source, s.source) AS source,
        COALESCE(c.transfer_date, s.transfer_date) AS transfer_date,
        COALESCE(c.records, 0) AS expected,
        COALESCE(s.records, 0) AS counted,
        COALESCE(c.without_account, 0) AS expected_without,
        COALESCE(s.without_account, 0) AS counted_without
    FROM counted_days c
    FULL OUTER JOIN in_sent_days s ON s.source = c.source AND s.transfer_date = c.transfer_date
),
by_field AS (
    SELECT f.source, f.field, max(f.records) AS expected, COALESCE(sum(s.records), 0) AS counted
    FROM fields f
    LEFT JOIN sent_days s ON s.source = f.source AND bitwise_and(s.fields, f.bit) <> 0
    WHERE f.bit > 0
    GROUP BY f.source, f.field
),
in_flows AS (
    SELECT source, sum(records) AS records FROM account_flows GROUP BY source
),
with_account AS (
    SELECT source, sum(records) - sum(without_account) AS records FROM counted_days GROUP BY source
),
by_source AS (
    SELECT
        COALESCE(w.source, m.source) AS source,
        COALESCE(w.records, 0) AS expected,
        COALESCE(m.records, 0) AS counted
    FROM with_account w
    FULL OUTER JOIN in_flows m ON m.source = w.source
),
problems AS (
    SELECT 'file: footers' AS what, source, file_id, CAST(NULL AS DATE) AS transfer_date, accepted AS expected, footer_rows AS counted
    FROM by_file
    WHERE stray = 0 AND accepted <> footer_rows
    UNION ALL
    SELECT 'file: sql' AS what, source, file_id, CAST(NULL AS DATE) AS transfer_date, accepted AS expected, counted
    FROM by_file
    WHERE (stray = 1 OR kind = 'transfers') AND accepted <> counted
    UNION ALL
    SELECT 'day: sql' AS what, source, CAST(NULL AS VARCHAR) AS file_id, transfer_date, expected, counted
    FROM by_day
    WHERE expected <> counted
    UNION ALL
    SELECT 'day: sent_days' AS what, source, CAST(NULL AS VARCHAR) AS file_id, transfer_date, expected, counted
    FROM by_sent_day
    WHERE expected <> counted
    UNION ALL
    SELECT
        'day: sent_days without account' AS what, source, CAST(NULL AS VARCHAR) AS file_id, transfer_date,
        expected_without AS expected, counted_without AS counted
    FROM by_sent_day
    WHERE expected_without <> counted_without
    UNION ALL
    SELECT
        'items of ' || field AS what, source, CAST(NULL AS VARCHAR) AS file_id, CAST(NULL AS DATE) AS transfer_date, expected, counted
    FROM by_field
    WHERE expected <> counted
    UNION ALL
    SELECT
        'source: account_flows' AS what, source, CAST(NULL AS VARCHAR) AS file_id, CAST(NULL AS DATE) AS transfer_date, expected, counted
    FROM by_source
    WHERE expected <> counted
)
SELECT what, source, file_id, transfer_date, CAST(expected AS BIGINT) AS expected, CAST(counted AS BIGINT) AS counted
FROM problems
ORDER BY what, source, file_id, transfer_date
