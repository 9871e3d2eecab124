-- figure: unneeded_items
-- title: Items sent that the purpose did not need
-- title.ko: 불필요하게 제공된 개인정보 항목 수
-- unit: items, records and persons
-- needs: unneeded_totals, group_persons, params
-- rule: Personal Information Protection Act, Art. 3(1); Credit Information Act, Art. 33
-- reading: holders, overseas_payment, unneeded_since
--
-- An item is not needed when the case says that the purpose does not need its field, or did not any more on that day. Where
-- the case says since when unneeded items count, earlier days are left out. An item is one of payers when at least one of
-- those who count for its account appears in an overseas payment at any time, and else one of the others; by the reading
-- "settled" of overseas_payment only payments that were settled, or delivered without a status, count. Items of records
-- without an account are of the others. Records are those with at least one such item, persons those of whom at least one such
-- record was sent.
WITH sent AS (
    SELECT
        u.records,
        popcount(u.fields) AS items,
        CASE WHEN p.overseas_payment = 'any' THEN u.of_payers_any ELSE u.of_payers_settled END AS of_payers
    FROM unneeded_totals u
    CROSS JOIN params p
),
totals AS (
    SELECT
        sum(of_payers * items) AS items_of_payers,
        sum((records - of_payers) * items) AS items_of_others,
        sum(records) AS records
    FROM sent
),
people AS (
    SELECT sum(persons) AS persons FROM group_persons WHERE kind = 'unneeded'
)
SELECT
    CAST(COALESCE(t.items_of_payers, 0) AS BIGINT) AS items_of_payers,
    CAST(COALESCE(t.items_of_others, 0) AS BIGINT) AS items_of_others,
    CAST(COALESCE(t.records, 0) AS BIGINT) AS records,
    CAST(COALESCE(p.persons, 0) AS BIGINT) AS persons
FROM totals t
CROSS JOIN people p
