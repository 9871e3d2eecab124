-- figure: population_share
-- title: Share of the population whose data was sent
-- title.ko: 전체 인구 대비 정보가 제공된 사람의 비율
-- unit: persons and per cent
-- needs: person_totals, params
-- reading: holders
--
-- The people of whom at least one record was sent, the population that the case names, and the one as a percentage of the
-- other with one decimal, rounded half up. Both are left empty where the case names no population. The percentage is worked
-- out in whole numbers.
WITH people AS (
    SELECT count(*) AS persons FROM person_totals
),
tenths AS (
    SELECT
        e.persons,
        p.population,
        2000 * e.persons + p.population AS doubled,
        2 * p.population AS parts
    FROM people e
    CROSS JOIN params p
),
shares AS (
    SELECT
        persons,
        population,
        CASE WHEN parts > 0 THEN CAST((doubled - doubled % parts) / parts AS BIGINT) END AS tenths
    FROM tenths
)
SELECT
    CAST(persons AS BIGINT) AS persons,
    population,
    CAST(CAST((tenths - tenths % 10) / 10 AS BIGINT) AS VARCHAR) || '.' || CAST(tenths % 10 AS VARCHAR) AS share
FROM shares
