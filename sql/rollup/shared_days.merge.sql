-- Two rollups over different months become one: no day stands in both, so that they add up.
SELECT person_key, CAST(sum(days) AS INTEGER) AS days
FROM shared_days
GROUP BY person_key
ORDER BY person_key
