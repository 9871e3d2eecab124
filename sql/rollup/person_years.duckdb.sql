-- The union of the months by bit_or in place of one aggregate for each month.
SELECT s.person_key, y.january, CAST(bit_or(y.months) AS INTEGER) AS months
FROM account_years y
JOIN subjects s ON s.account_key = y.account_key
GROUP BY s.person_key, y.january
ORDER BY s.person_key, y.january
