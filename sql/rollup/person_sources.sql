-- rollup: person_sources
-- title: Which fields of a person each source sent
-- title.ko: 정보주체별·출처별 제공 항목
-- needs: subjects, account_flows, fields
-- grain: one person and source
-- range: person_key
--
-- fields are all that were filled in at least one record on any account of the person; 0 where every record was empty.
WITH combinations AS (
    SELECT s.person_key, a.source, a.fields
    FROM account_flows a
    JOIN subjects s ON s.account_key = a.account_key
    GROUP BY s.person_key, a.source, a.fields
),
bits AS (
    SELECT c.person_key, c.source, f.bit
    FROM combinations c
    JOIN fields f ON f.source = c.source AND bitwise_and(c.fields, f.bit) <> 0
    GROUP BY c.person_key, c.source, f.bit
),
people AS (
    SELECT person_key, source FROM combinations GROUP BY person_key, source
)
SELECT p.person_key, p.source, CAST(COALESCE(sum(b.bit), 0) AS BIGINT) AS fields
FROM people p
LEFT JOIN bits b ON b.person_key = p.person_key AND b.source = p.source
GROUP BY p.person_key, p.source
ORDER BY p.person_key, p.source
