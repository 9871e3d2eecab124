-- figure: records_per_person
-- title: Records sent about one person
-- title.ko: 1인당 제공된 레코드 수
-- unit: records
-- needs: person_totals
-- reading: holders
--
-- The smallest, the middle and the largest number of records among the people of whom at least one record was sent. With an
-- even number of people the median is the lower of the two middle values, so that it is a number that occurs. Where nobody
-- is affected all three are 0.
WITH counts AS (
    SELECT records, count(*) AS persons FROM person_totals GROUP BY records
),
places AS (
    -- up_to people have so many records or fewer: few different numbers, in place of all people in a row.
    SELECT records, persons, sum(persons) OVER (ORDER BY records) AS up_to, sum(persons) OVER () AS of_all FROM counts
)
SELECT
    CAST(COALESCE(min(records), 0) AS BIGINT) AS min,
    CAST(COALESCE(min(records) FILTER (WHERE 2 * up_to >= of_all), 0) AS BIGINT) AS median,
    CAST(COALESCE(max(records), 0) AS BIGINT) AS max
FROM places
