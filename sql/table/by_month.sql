-- table: by_month
-- title: What was sent in each month
-- title.ko: 월별 제공 내역
-- unit: records, items and persons
-- needs: sent_days, month_persons, calendar
-- reading: holders
--
-- Records and items with and without an account; each person counts once for a month. Months of the inspected period in which
-- nothing was sent stand in the table with 0; a month outside it only where something was sent.
WITH sent AS (
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
    COALESCE(p.persons, 0) AS persons
FROM months m
LEFT JOIN sent t ON t.month = m.month
LEFT JOIN month_persons p ON p.month = m.month
ORDER BY m.month
