-- rollup: unneeded_totals
-- title: What was sent and not needed
-- title.ko: 불필요 항목 제공 내역
-- needs: account_unneeded, unneeded_days, sent_days, payers, calendar
-- grain: one source and set of fields that were filled and not needed on the day
--
-- All records with these fields, those without an account too. Of payers are the records on accounts for which somebody counts who
-- paid overseas at any time: by the reading "settled" of overseas_payment only payments that were settled, or delivered without a
-- status, count; by the reading "any" cancelled ones too.
WITH paying AS (
    SELECT account_key, count(first_settled) AS settled FROM payers GROUP BY account_key
),
sent AS (
    SELECT
        u.source,
        u.fields,
        u.records,
        CASE WHEN p.settled > 0 THEN u.records ELSE 0 END AS of_payers_settled,
        CASE WHEN p.settled IS NULL THEN 0 ELSE u.records END AS of_payers_any
    FROM account_unneeded u
    LEFT JOIN paying p ON p.account_key = u.account_key
    UNION ALL
    SELECT
        d.source,
        bitwise_and(d.fields, u.fields) AS fields,
        d.without_account AS records,
        0 AS of_payers_settled,
        0 AS of_payers_any
    FROM sent_days d
    JOIN calendar c ON c.date = d.transfer_date
    JOIN unneeded_days u ON u.source = d.source AND u.month = c.month AND bitwise_and(u.days, c.bit) <> 0
    WHERE d.without_account > 0 AND bitwise_and(d.fields, u.fields) <> 0
)
SELECT
    source,
    fields,
    CAST(sum(records) AS BIGINT) AS records,
    CAST(sum(of_payers_settled) AS BIGINT) AS of_payers_settled,
    CAST(sum(of_payers_any) AS BIGINT) AS of_payers_any
FROM sent
GROUP BY source, fields
ORDER BY source, fields
