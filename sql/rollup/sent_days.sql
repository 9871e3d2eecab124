-- rollup: sent_days
-- title: Records of each day by recipient and field combination
-- title.ko: 일자·수신자·항목 조합별 레코드 수
-- needs: transfers
-- grain: one source, day, recipient and field combination
-- scope: month
--
-- All records of a day that were sent to a recipient with the same fields filled, and how many of them have no account. A record
-- that names no recipient has none here either.
SELECT
    source,
    transfer_date,
    recipient_key,
    fields,
    CAST(count(*) AS BIGINT) AS records,
    CAST(count(*) FILTER (WHERE account_key IS NULL) AS BIGINT) AS without_account
FROM transfers
GROUP BY source, transfer_date, recipient_key, fields
ORDER BY source, transfer_date, recipient_key NULLS LAST, fields
