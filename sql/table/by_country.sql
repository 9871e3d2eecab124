-- table: by_country
-- title: What was sent to each country
-- title.ko: 국가별 제공 내역
-- unit: records, items and persons
-- needs: sent_days, flows, group_persons
-- rule: Personal Information Protection Act, Art. 28-8
-- reading: holders
--
-- The country is that of the recipient, as delivered or as the case states it; a row without a country has what was sent to
-- recipients whose country nobody states. Each person counts once for a country.
WITH sent AS (
    SELECT f.country, sum(d.records) AS records, sum(d.records * popcount(d.fields)) AS items
    FROM sent_days d
    JOIN flows f ON f.source = d.source AND COALESCE(f.recipient_key, -1) = COALESCE(d.recipient_key, -1)
    GROUP BY f.country
)
SELECT
    t.country,
    CAST(t.records AS BIGINT) AS records,
    CAST(t.items AS BIGINT) AS items,
    COALESCE(p.persons, 0) AS persons
FROM sent t
LEFT JOIN group_persons p ON p.kind = 'country' AND (p.name = t.country OR p.name IS NULL AND t.country IS NULL)
ORDER BY t.country NULLS LAST
