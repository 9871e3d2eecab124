-- The union of the months by bit_or in place of one aggregate for each month.
SELECT
    account_key,
    CAST(month - month % 100 + 1 AS INTEGER) AS january,
    CAST(bit_or(1 << (month % 100 - 1)) AS INTEGER) AS months
FROM account_months
WHERE records > 0
GROUP BY account_key, month - month % 100
ORDER BY account_key, january
