-- table: persons_per_month
-- title: People whose data was sent in each month
-- title.ko: 월별 정보가 제공된 사람 수
-- unit: persons
-- needs: person_years, calendar
-- reading: holders
--
-- Each person counts once in each month in which at least one record was sent about them, whatever the number of accounts,
-- senders and records. Months of the inspected period in which nobody was sent stand in the table with 0; a month outside it
-- only where something was sent.
WITH spans AS (
    -- Few sets of months, with how many people each of them holds for.
    SELECT january, months, count(*) AS persons FROM person_years GROUP BY january, months
),
persons AS (
    SELECT s.january + v.no - 1 AS month, sum(s.persons) AS persons
    FROM spans s
    JOIN (VALUES
        (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32),
        (7, 64), (8, 128), (9, 256), (10, 512), (11, 1024), (12, 2048)
    ) AS v (no, bit)
        ON bitwise_and(s.months, v.bit) <> 0
    GROUP BY s.january + v.no - 1
),
months AS (
    SELECT month FROM calendar GROUP BY month
)
SELECT m.month, CAST(COALESCE(p.persons, 0) AS BIGINT) AS persons
FROM months m
LEFT JOIN persons p ON p.month = m.month
ORDER BY m.month
