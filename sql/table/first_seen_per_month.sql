-- table: first_seen_per_month
-- title: People by the month in which their data was first sent
-- title.ko: 최초 제공 월별 인원
-- unit: persons
-- needs: person_totals, calendar
-- reading: holders
--
-- Each person counts once, in the month of the first record about them; so the table adds up to the affected persons. Months
-- of the inspected period in which nobody was new stand in the table with 0; a month outside it only where something was sent.
WITH seen AS (
    SELECT first_date, count(*) AS persons FROM person_totals GROUP BY first_date
),
new AS (
    SELECT c.month, sum(s.persons) AS persons
    FROM seen s
    JOIN calendar c ON c.date = s.first_date
    GROUP BY c.month
),
months AS (
    SELECT month FROM calendar GROUP BY month
)
SELECT m.month, CAST(COALESCE(n.persons, 0) AS BIGINT) AS persons
FROM months m
LEFT JOIN new n ON n.month = m.month
ORDER BY m.month
