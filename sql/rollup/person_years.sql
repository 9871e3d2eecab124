-- rollup: person_years
-- title: Months of each year in which a person's data was sent
-- title.ko: 정보주체별 연간 제공 월
-- needs: subjects, account_years
-- grain: one person and year, named by its January
-- range: person_key
--
-- months has a bit for each month of the year, January's being 1, with at least one record on any account of the person.
SELECT
    s.person_key,
    y.january,
    CAST(
        max(bitwise_and(y.months, 1))
        + max(bitwise_and(y.months, 2))
        + max(bitwise_and(y.months, 4))
        + max(bitwise_and(y.months, 8))
        + max(bitwise_and(y.months, 16))
        + max(bitwise_and(y.months, 32))
        + max(bitwise_and(y.months, 64))
        + max(bitwise_and(y.months, 128))
        + max(bitwise_and(y.months, 256))
        + max(bitwise_and(y.months, 512))
        + max(bitwise_and(y.months, 1024))
        + max(bitwise_and(y.months, 2048))
        AS INTEGER
    ) AS months
FROM account_years y
JOIN subjects s ON s.account_key = y.account_key
GROUP BY s.person_key, y.january
ORDER BY s.person_key, y.january
