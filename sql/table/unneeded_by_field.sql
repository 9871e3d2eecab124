-- table: unneeded_by_field
-- title: Items that the purpose did not need, by field
-- title.ko: 항목별 불필요 제공 건수
-- unit: items
-- needs: account_unneeded, unneeded_days, sent_days, fields, payers, calendar, params
-- rule: Personal Information Protection Act, Art. 3(1); Credit Information Act, Art. 33
-- reading: holders, overseas_payment, unneeded_since
--
-- The items of the figure unneeded_items for each field that was not needed on some day, of payers and of the others; the
-- table adds up to the figure. A field that was not needed and never sent then stands in the table with 0.
WITH paying AS (
    SELECT y.account_key
    FROM payers y
    CROSS JOIN params p
    WHERE CASE WHEN p.overseas_payment = 'any' THEN y.first_any ELSE y.first_settled END IS NOT NULL
    GROUP BY y.account_key
),
sent AS (
    SELECT
        u.source,
        u.fields,
        sum(CASE WHEN p.account_key IS NULL THEN 0 ELSE u.records END) AS of_payers,
        sum(CASE WHEN p.account_key IS NULL THEN u.records ELSE 0 END) AS of_others
    FROM account_unneeded u
    LEFT JOIN paying p ON p.account_key = u.account_key
    GROUP BY u.source, u.fields
    UNION ALL
    SELECT
        d.source,
        bitwise_and(d.fields, u.fields) AS fields,
        0 AS of_payers,
        sum(d.without_account) AS of_others
    FROM sent_days d
    JOIN calendar c ON c.date = d.transfer_date
    JOIN unneeded_days u ON u.source = d.source AND u.month = c.month AND bitwise_and(u.days, c.bit) <> 0
    WHERE d.without_account > 0
    GROUP BY d.source, bitwise_and(d.fields, u.fields)
),
items AS (
    SELECT f.source, f.field, sum(s.of_payers) AS of_payers, sum(s.of_others) AS of_others
    FROM fields f
    JOIN sent s ON s.source = f.source AND bitwise_and(s.fields, f.bit) <> 0
    GROUP BY f.source, f.field
),
listed AS (
    SELECT f.source, f.field
    FROM fields f
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
