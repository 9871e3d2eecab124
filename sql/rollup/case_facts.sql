-- rollup: case_facts
-- title: What the case says that has no other reading
-- title.ko: 사건 설정 중 해석에 따라 달라지지 않는 항목
-- needs: params
-- grain: one row
--
-- A rollup that asks this table in place of params is not made again when a figure is worked out under another reading.
SELECT home_country, unneeded_since
FROM params
ORDER BY home_country
