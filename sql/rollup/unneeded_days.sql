-- rollup: unneeded_days
-- title: Days on which the purpose did not need a field
-- title.ko: 항목별 불필요 일자
-- needs: item_fields, sources, calendar, params
-- grain: one source, month and set of fields that were not needed on these days
--
-- A field of transferred records is not needed when the case says so (needed: false), or on the days after the last one on
-- which it was needed. Where the case says since when unneeded fields count (unneeded_since), earlier days are left out.
WITH daily AS (
    SELECT f.source, c.month, c.bit, sum(f.bit) AS fields
    FROM item_fields f
    JOIN calendar c ON NOT COALESCE(f.needed, TRUE) OR c.date > f.needed_until
    JOIN sources s ON s.source = f.source
    CROSS JOIN params p
    WHERE s.kind = 'transfers' AND (p.unneeded_since IS NULL OR c.date >= p.unneeded_since)
    GROUP BY f.source, c.month, c.bit
)
SELECT source, month, CAST(fields AS BIGINT) AS fields, CAST(sum(bit) AS INTEGER) AS days
FROM daily
GROUP BY source, month, fields
ORDER BY source, month, fields
