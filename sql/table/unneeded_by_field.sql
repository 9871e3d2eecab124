-- table: unneeded_by_field
-- title: Items that the purpose did not need, by field
-- title.ko: 항목별 불필요 제공 건수
-- unit: items
-- needs: unneeded_totals, unneeded_days, item_fields, params
-- rule: Personal Information Protection Act, Art. 3(1); Credit Information Act, Art. 33
-- reading: holders, overseas_payment, unneeded_since
--
-- The items of the figure unneeded_items for each field that was not needed on some day, of payers and of the others; the
-- table adds up to the figure. A field that was not needed and never sent then stands in the table with 0.
WITH sent AS (
    SELECT
        u.source,
        u.fields,
        u.records,
        CASE WHEN p.overseas_payment = 'any' THEN u.of_payers_any ELSE u.of_payers_settled END AS of_payers
    FROM unneeded_totals u
    CROSS JOIN params p
),
items AS (
    SELECT f.source, f.field, sum(s.of_payers) AS of_payers, sum(s.records - s.of_payers) AS of_others
    FROM item_fields f
    JOIN sent s ON s.source = f.source AND bitwise_and(s.fields, f.bit) <> 0
    GROUP BY f.source, f.field
),
listed AS (
    SELECT f.source, f.field
    FROM item_fields f
    JOIN unneeded_days u ON u.source = f.source AND bitwise_and(u.fields, f.bit) <> 0
    GROUP BY f.source, f.field
)
SELECT
    l.source,
    l.field,
    CAST(COALESCE(i.of_payers, 0) AS BIGINT) AS items_of_payers,
    CAST(COALESCE(i.of_others, 0) AS BIGINT) AS items_of_others
FROM listed l
LEFT JOIN items i ON i.source = l.source AND i.field = l.field
ORDER BY l.source, l.field
