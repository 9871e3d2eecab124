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
WITH ranked AS (
    SELECT records, row_number() OVER (ORDER BY records) AS place, count(*) OVER () AS persons
    FROM person_totals
)
SELECT
    CAST(COALESCE(min(records), 0) AS BIGINT) AS min,
    CAST(COALESCE(max(records) FILTER (WHERE 2 * place = persons OR 2 * place = persons + 1), 0) AS BIGINT) AS median,
    CAST(COALESCE(max(records), 0) AS BIGINT) AS max
FROM ranked
