-- table: by_month
-- title: What was sent in each month
-- title.ko: 월별 제공 내역
-- unit: records, items and persons
-- needs: sent_days, person_years, calendar
-- reading: holders
--
-- Records and items with and without an account; each person counts once for a month. Months of the inspected period in which
-- nothing was sent stand in the table with 0; a month outside it only where something was sent.
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
sent AS (
    SELECT c.month, sum(d.records) AS records, sum(d.records * popcount(d.fields)) AS items
    FROM sent_days d
    JOIN calendar c ON c.date = d.transfer_date
    GROUP BY c.month
),
months AS (
    SELECT month FROM calendar GROUP BY month
)
SELECT
    m.month,
    CAST(COALESCE(t.records, 0) AS BIGINT) AS records,
    CAST(COALESCE(t.items, 0) AS BIGINT) AS items,
    CAST(COALESCE(p.persons, 0) AS BIGINT) AS persons
FROM months m
LEFT JOIN sent t ON t.month = m.month
LEFT JOIN persons p ON p.month = m.month
ORDER BY m.month
