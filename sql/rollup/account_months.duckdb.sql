-- Most groups have one record a day: as many records as distinct days. For these one aggregation is enough. Only the others are
-- counted by day. A record that names no recipient equals itself, which = would deny.
WITH dated AS (
    SELECT
        account_key,
        source,
        recipient_key,
        CAST(year(transfer_date) * 100 + month(transfer_date) AS INTEGER) AS month,
        fields,
        CAST(1 << (day(transfer_date) - 1) AS INTEGER) AS bit
    FROM transfers
    WHERE account_key IS NOT NULL
),
months AS MATERIALIZED (
    SELECT account_key, source, recipient_key, month, fields, count(*) AS records, bit_or(bit) AS days
    FROM dated
    GROUP BY account_key, source, recipient_key, month, fields
),
daily AS (
    SELECT d.account_key, d.source, d.recipient_key, d.month, d.fields, d.bit, count(*) AS per_day
    FROM dated d
    SEMI JOIN (FROM months WHERE records <> popcount(days)) m
        ON m.account_key = d.account_key AND m.source = d.source AND m.month = d.month AND m.fields = d.fields
        AND m.recipient_key IS NOT DISTINCT FROM d.recipient_key
    GROUP BY d.account_key, d.source, d.recipient_key, d.month, d.fields, d.bit
)
SELECT account_key, source, recipient_key, month, fields, CAST(1 AS BIGINT) AS per_day, days, CAST(records AS BIGINT) AS records
FROM months
WHERE records = popcount(days)
UNION ALL
SELECT account_key, source, recipient_key, month, fields, per_day, bit_or(bit) AS days, CAST(sum(per_day) AS BIGINT) AS records
FROM daily
GROUP BY account_key, source, recipient_key, month, fields, per_day
ORDER BY account_key, source, recipient_key NULLS LAST, month, fields, per_day
