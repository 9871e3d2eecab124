-- table: cadence
-- title: When each source sent
-- title.ko: 출처별 제공 주기
-- unit: days and records
-- needs: sent_days, calendar, params
--
-- For each source the first and the last day with at least one record, and how many days had one. A run is a number of such
-- days in a row, a gap a number of days in a row between the first and the last without one. The median is that of the records
-- of the days that had some, with an even number of days the lower of the two middle values; a bulk day has more than so many
-- times the median as the case says. A file with a header alone is no day here.
WITH daily AS (
    SELECT source, transfer_date, sum(records) AS records
    FROM sent_days
    WHERE records > 0
    GROUP BY source, transfer_date
),
numbered AS (
    SELECT
        d.source,
        d.transfer_date,
        d.records,
        c.day_no,
        c.day_no - lag(c.day_no) OVER (PARTITION BY d.source ORDER BY c.day_no) - 1 AS gap,
        row_number() OVER (PARTITION BY d.source ORDER BY d.records) AS place,
        count(*) OVER (PARTITION BY d.source) AS days
    FROM daily d
    JOIN calendar c ON c.date = d.transfer_date
),
medians AS (
    SELECT source, max(records) AS median_records
    FROM numbered
    WHERE 2 * place = days OR 2 * place = days + 1
    GROUP BY source
)
SELECT
    n.source,
    min(n.transfer_date) AS first_date,
    max(n.transfer_date) AS last_date,
    CAST(count(*) AS BIGINT) AS days,
    CAST(count(*) FILTER (WHERE COALESCE(n.gap, 1) > 0) AS BIGINT) AS runs,
    CAST(count(*) FILTER (WHERE n.gap > 0) AS BIGINT) AS gaps,
    CAST(COALESCE(sum(n.gap), 0) AS BIGINT) AS gap_days,
    CAST(COALESCE(max(n.gap), 0) AS BIGINT) AS longest_gap,
    CAST(max(m.median_records) AS BIGINT) AS median_records,
    CAST(count(*) FILTER (WHERE n.records > p.bulk_times * m.median_records) AS BIGINT) AS bulk_days
FROM numbered n
JOIN medians m ON m.source = n.source
CROSS JOIN params p
GROUP BY n.source
ORDER BY n.source
