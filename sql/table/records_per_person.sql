-- table: records_per_person
-- title: People by the number of records sent about them
-- title.ko: 제공된 레코드 수별 인원
-- unit: persons and records
-- needs: person_totals
-- reading: holders
--
-- How many people had a number of records from bucket_from to bucket_to, both included, and how many records these are
-- together. The buckets begin at 1, 2 and 5 times the powers of ten, up to the one of the person with the most records; empty
-- ones stand in the table with 0.
WITH people AS (
    SELECT records, count(*) AS persons FROM person_totals GROUP BY records
),
buckets AS (
    SELECT CAST(bucket_from AS BIGINT) AS bucket_from, CAST(bucket_to AS BIGINT) AS bucket_to
    FROM (VALUES
        (1, 1), (2, 4), (5, 9),
        (10, 19), (20, 49), (50, 99),
        (100, 199), (200, 499), (500, 999),
        (1000, 1999), (2000, 4999), (5000, 9999),
        (10000, 19999), (20000, 49999), (50000, 99999),
        (100000, 199999), (200000, 499999), (500000, 999999),
        (1000000, 1999999), (2000000, 4999999), (5000000, 9999999),
        (10000000, 19999999), (20000000, 49999999), (50000000, 99999999),
        (100000000, 199999999), (200000000, 499999999), (500000000, 999999999),
        (1000000000, 1999999999), (2000000000, 4999999999), (5000000000, 9999999999),
        (10000000000, 19999999999), (20000000000, 49999999999), (50000000000, 99999999999),
        (100000000000, 199999999999), (200000000000, 499999999999), (500000000000, 999999999999),
        (1000000000000, 9223372036854775807)
    ) AS b (bucket_from, bucket_to)
)
SELECT
    b.bucket_from,
    b.bucket_to,
    CAST(COALESCE(sum(p.persons), 0) AS BIGINT) AS persons,
    CAST(COALESCE(sum(p.persons * p.records), 0) AS BIGINT) AS records
FROM buckets b
LEFT JOIN people p ON p.records BETWEEN b.bucket_from AND b.bucket_to
WHERE b.bucket_from <= (SELECT max(records) FROM person_totals)
GROUP BY b.bucket_from, b.bucket_to
ORDER BY b.bucket_from
