-- Most groups have one record a day: as many records as distinct days. For these one aggregation is enough. Only the others are
-- counted by day.
WITH dated AS (
    SELECT
        account_key,
        source,
        CAST(year(transfer_date) * 100 + month(transfer_date) AS INTEGER) AS month,
        fields,
        CAST(1 << (day(transfer_date) - 1) AS INTEGER) AS bit
    FROM transfers
    WHERE account_key IS NOT NULL
),
months AS MATERIALIZED (
    SELECT account_key, source, month, fields, count(*) AS records, bit_or(bit) AS days
    FROM dated
    GROUP BY account_key, source, month, fields
),
daily AS (
    SELECT d.account_key, d.source, d.month, d.fields, d.bit, count(*) AS per_day
    FROM dated d
    SEMI JOIN (FROM months WHERE records <> popcount(days)) m USING (account_key, source, month, fields)
    GROUP BY d.account_key, d.source, d.month, d.fields, d.bit
)
SELECT account_key, source, month, fields, CAST(1 AS BIGINT) AS per_day, days, CAST(records AS BIGINT) AS records
FROM months
WHERE records = popcount(days)
UNION ALL
SELECT account_key, source, month, fields, per_day, bit_or(bit) AS days, CAST(sum(per_day) AS BIGINT) AS records
FROM daily
GROUP BY account_key, source, month, fields, per_day
ORDER BY account_key, source, month, fields, per_day
