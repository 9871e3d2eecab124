-- rollup: account_flows
-- title: To whom an account's data was sent
-- title.ko: 계정별 수신자·항목별 제공 건수
-- needs: account_months
-- grain: one account, source, recipient and field combination
-- range: account_key
--
-- All records of the whole time.
SELECT account_key, source, recipient_key, fields, CAST(sum(records) AS BIGINT) AS records
FROM account_months
WHERE records > 0
GROUP BY account_key, source, recipient_key, fields
ORDER BY account_key, source, recipient_key NULLS LAST, fields
