-- Two rollups over different days of the same month become one: no day stands in both, so that the bits of a group add up to
-- their union, and the records to their sum.
SELECT
    account_key,
    source,
    recipient_key,
    month,
    fields,
    per_day,
    CAST(sum(days) AS INTEGER) AS days,
    CAST(sum(records) AS BIGINT) AS records
FROM account_months
GROUP BY account_key, source, recipient_key, month, fields, per_day
ORDER BY account_key, source, recipient_key NULLS LAST, month, fields, per_day
