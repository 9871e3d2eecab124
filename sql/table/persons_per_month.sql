-- table: persons_per_month
-- title: People whose data was sent in each month
-- title.ko: 월별 정보가 제공된 사람 수
-- unit: persons
-- needs: month_persons, calendar
-- reading: holders
--
-- Each person counts once in each month in which at least one record was sent about them, whatever the number of accounts,
-- senders and records. Months of the inspected period in which nobody was sent stand in the table with 0; a month outside it
-- only where something was sent.
WITH months AS (
    SELECT month FROM calendar GROUP BY month
)
SELECT m.month, COALESCE(p.persons, 0) AS persons
FROM months m
LEFT JOIN month_persons p ON p.month = m.month
ORDER BY m.month
