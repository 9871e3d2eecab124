-- rollup: account_months
-- title: Days of each month on which an account's data was sent
-- title.ko: 계정별 월간 제공 일자
-- needs: transfers, calendar
-- grain: one account, source, recipient, month, field combination and number of records a day
-- scope: month
-- range: account_key
--
-- On each day whose bit is set in days, exactly per_day records with these fields were sent on this account. It follows that
-- records = per_day × popcount(days). A record that names no recipient has none here either. Records without an account are in
-- sent_days and not here.
WITH daily AS (
    SELECT account_key, source, recipient_key, transfer_date, fields, count(*) AS per_day
    FROM transfers
    WHERE account_key IS NOT NULL
    GROUP BY account_key, source, recipient_key, transfer_date, fields
)
SELECT
    d.account_key,
    d.source,
    d.recipient_key,
    c.month,
    d.fields,
    CAST(d.per_day AS BIGINT) AS per_day,
    CAST(sum(c.bit) AS INTEGER) AS days,
    CAST(sum(d.per_day) AS BIGINT) AS records
FROM daily d
JOIN calendar c ON c.date = d.transfer_date
GROUP BY d.account_key, d.source, d.recipient_key, c.month, d.fields, d.per_day
ORDER BY account_key, source, recipient_key NULLS LAST, month, fields, per_day
