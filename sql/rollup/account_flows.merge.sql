-- Two rollups over different months become one: the records of a flow add up.
SELECT account_key, source, recipient_key, fields, CAST(sum(records) AS BIGINT) AS records
FROM account_flows
GROUP BY account_key, source, recipient_key, fields
ORDER BY account_key, source, recipient_key NULLS LAST, fields
