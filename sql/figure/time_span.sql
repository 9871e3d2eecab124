-- figure: time_span
-- title: Days on which data was sent
-- title.ko: 정보가 제공된 기간
-- unit: days
-- needs: file_days, source_days, calendar
--
-- The first and the last date are those of the first and the last day with at least one record. The days in the span are all
-- calendar days of the inspected period. A day is covered when a file of at least one source is there for it; a file with a
-- header alone covers its day with 0 records. A day is missing when a file of at least one source was expected and no source
-- covers it. Gaps of one source that another one covers are in the check missing_days.
WITH sent AS (
    SELECT min(transfer_date) AS first_date, max(transfer_date) AS last_date
    FROM file_days
    WHERE records > 0
),
source_by_day AS (
    SELECT
        transfer_date,
        max(CASE WHEN covered THEN 1 ELSE 0 END) AS covered,
        max(CASE WHEN expected THEN 1 ELSE 0 END) AS expected
    FROM source_days
    GROUP BY transfer_date
),
days AS (
    SELECT
        count(*) AS days_in_span,
        count(*) FILTER (WHERE s.covered = 1) AS days_covered,
        count(*) FILTER (WHERE s.covered = 0 AND s.expected = 1) AS days_missing
    FROM calendar c
    LEFT JOIN source_by_day s ON s.transfer_date = c.date
    WHERE c.in_span
)
SELECT
    s.first_date,
    s.last_date,
    CAST(d.days_in_span AS BIGINT) AS days_in_span,
    CAST(d.days_covered AS BIGINT) AS days_covered,
    CAST(d.days_missing AS BIGINT) AS days_missing
FROM sent s
CROSS JOIN days d
