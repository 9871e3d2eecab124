-- figure: busiest_day
-- title: Day with the most records
-- title.ko: 가장 많은 레코드가 제공된 날
-- unit: records
-- needs: file_days
--
-- The day on which the most records were sent, over all sources and files, with their number. Of several such days it is the
-- earliest. Records without an account count.
WITH days AS (
    SELECT transfer_date, sum(records) AS records FROM file_days GROUP BY transfer_date
),
most AS (
    SELECT max(records) AS records FROM days
)
SELECT
    min(d.transfer_date) AS date,
    CAST(COALESCE(max(d.records), 0) AS BIGINT) AS records
FROM most m
LEFT JOIN days d ON d.records = m.records
