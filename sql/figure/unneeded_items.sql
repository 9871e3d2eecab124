-- figure: unneeded_items
-- title: Items sent that the purpose did not need
-- title.ko: 불필요하게 제공된 개인정보 항목 수
-- unit: items, records and persons
-- needs: account_unneeded, unneeded_days, sent_days, shared_accounts, payers, calendar, params
-- rule: Personal Information Protection Act, Art. 3(1); Credit Information Act, Art. 33
-- reading: holders, overseas_payment, unneeded_since
--
-- An item is not needed when the case says that the purpose does not need its field, or did not any more on that day. Where
-- the case says since when unneeded items count, earlier days are left out. An item is one of payers when at least one of
-- those who count for its account appears in an overseas payment at any time, and else one of the others; by the reading
-- "settled" of overseas_payment only payments that were settled, or delivered without a status, count. Items of records
-- without an account are of the others. Records are those with at least one such item, persons those of whom at least one such
-- record was sent.
WITH paying AS (
    SELECT y.account_key
    FROM payers y
    CROSS JOIN params p
    WHERE CASE WHEN p.overseas_payment = 'any' THEN y.first_any ELSE y.first_settled END IS NOT NULL
    GROUP BY y.account_key
),
sent AS (
    SELECT
        u.records,
        CASE WHEN p.account_key IS NULL THEN 0 ELSE u.records * popcount(u.fields) END AS items_of_payers,
        CASE WHEN p.account_key IS NULL THEN u.records * popcount(u.fields) ELSE 0 END AS items_of_others
    FROM account_unneeded u
    LEFT JOIN paying p ON p.account_key = u.account_key
    UNION ALL
    SELECT
        d.without_account AS records,
        0 AS items_of_payers,
        d.without_account * popcount(bitwise_and(d.fields, u.fields)) AS items_of_others
    FROM sent_days d
    JOIN calendar c ON c.date = d.transfer_date
    JOIN unneeded_days u ON u.source = d.source AND u.month = c.month AND bitwise_and(u.days, c.bit) <> 0
    WHERE d.without_account > 0 AND bitwise_and(d.fields, u.fields) <> 0
),
people AS (
    SELECT COALESCE(s.person_key, u.account_key) AS person_key
    FROM account_unneeded u
    LEFT JOIN shared_accounts s ON s.account_key = u.account_key
    GROUP BY COALESCE(s.person_key, u.account_key)
),
persons AS (
    SELECT count(*) AS persons FROM people
),
totals AS (
    SELECT sum(records) AS records, sum(items_of_payers) AS items_of_payers, sum(items_of_others) AS items_of_others FROM sent
)
SELECT
    CAST(COALESCE(t.items_of_payers, 0) AS BIGINT) AS items_of_payers,
    CAST(COALESCE(t.items_of_others, 0) AS BIGINT) AS items_of_others,
    CAST(COALESCE(t.records, 0) AS BIGINT) AS records,
    CAST(p.persons AS BIGINT) AS persons
FROM totals t
CROSS JOIN persons p
