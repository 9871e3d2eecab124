-- check: undated_payments
-- title: Payments without a date
-- title.ko: 일자가 없는 결제
-- needs: overseas_payments
-- severity: incomplete
--
-- Lists payment files with payments that have no date, or no account. They count in no figure, so a person who has no other
-- payment appears as one who never paid.
SELECT
    source,
    file_id,
    CAST(count(*) FILTER (WHERE paid_on IS NULL) AS BIGINT) AS without_date,
    CAST(count(*) FILTER (WHERE account_key IS NULL) AS BIGINT) AS without_account
FROM overseas_payments
WHERE paid_on IS NULL OR account_key IS NULL
GROUP BY source, file_id
ORDER BY source, file_id
