-- The union of the days by bit_or in place of one aggregate for each bit.
WITH months AS (
    SELECT s.person_key, m.month, bit_or(m.days) AS days
    FROM account_months m
    JOIN shared_accounts s ON s.account_key = m.account_key
    WHERE m.records > 0
    GROUP BY s.person_key, m.month
)
SELECT person_key, CAST(sum(popcount(days)) AS INTEGER) AS days
FROM months
GROUP BY person_key
ORDER BY person_key
