-- table: by_field
-- title: How often each field of personal data was sent
-- title.ko: 항목별 제공 내역
-- unit: records, items and persons
-- needs: sent_days, sources, fields, group_persons
-- reading: holders
--
-- For each field of transferred records that counts as personal data: the records in which it is filled, which are as many
-- items; the people of whom it was sent at least once; the first and the last day on which it was; and how many of a million
-- records of the source have it, rounded down. A field that was never filled stands in the table with 0.
WITH sent AS (
    SELECT source, transfer_date, fields, sum(records) AS records
    FROM sent_days
    GROUP BY source, transfer_date, fields
),
totals AS (
    SELECT source, sum(records) AS records FROM sent GROUP BY source
),
filled AS (
    SELECT
        f.source,
        f.field,
        sum(s.records) AS records,
        min(s.transfer_date) AS first_date,
        max(s.transfer_date) AS last_date
    FROM fields f
    JOIN sent s ON s.source = f.source AND bitwise_and(s.fields, f.bit) <> 0
    GROUP BY f.source, f.field
),
counted AS (
    SELECT
        f.source,
        f.field,
        CAST(COALESCE(r.records, 0) AS BIGINT) AS records,
        COALESCE(p.persons, 0) AS persons,
        r.first_date,
        r.last_date,
        CAST(COALESCE(t.records, 1) AS BIGINT) AS total
    FROM fields f
    JOIN sources s ON s.source = f.source
    LEFT JOIN filled r ON r.source = f.source AND r.field = f.field
    LEFT JOIN group_persons p ON p.kind = 'field' AND p.name = f.source AND p.no = f.bit
    LEFT JOIN totals t ON t.source = f.source
    WHERE f.bit > 0 AND s.kind = 'transfers'
),
thousandths AS (
    -- In two steps of a thousand, so that the numbers stay small enough to be divided exactly.
    SELECT
        source,
        field,
        records,
        persons,
        first_date,
        last_date,
        total,
        CAST((1000 * records - 1000 * records % total) / total AS BIGINT) AS share,
        1000 * records % total AS remainder
    FROM counted
)
SELECT
    source,
    field,
    records,
    records AS items,
    persons,
    first_date,
    last_date,
    1000 * share + CAST((1000 * remainder - 1000 * remainder % total) / total AS BIGINT) AS filled_per_million
FROM thousandths
ORDER BY source, field
