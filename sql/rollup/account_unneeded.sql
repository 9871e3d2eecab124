-- rollup: account_unneeded
-- title: What was sent on an account and not needed
-- title.ko: 계정별 불필요 항목 제공 내역
-- needs: account_months, unneeded_days
-- grain: one account, source and set of fields that were filled and not needed on the day
-- range: account_key
--
-- Records with at least one filled field that the purpose did not need on the day, by the set of these fields.
SELECT
    m.account_key,
    m.source,
    bitwise_and(m.fields, u.fields) AS fields,
    CAST(sum(m.per_day * popcount(bitwise_and(m.days, u.days))) AS BIGINT) AS records
FROM account_months m
JOIN unneeded_days u ON u.source = m.source AND u.month = m.month
WHERE bitwise_and(m.fields, u.fields) <> 0 AND bitwise_and(m.days, u.days) <> 0 AND m.records > 0
GROUP BY m.account_key, m.source, bitwise_and(m.fields, u.fields)
ORDER BY m.account_key, m.source, fields
