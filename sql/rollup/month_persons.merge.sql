-- Two rollups over different months become one.
SELECT month, persons
FROM month_persons
ORDER BY month
