-- Accounts are counted by a bit for each key, in blocks of 2^20 keys: half the time of a hash table, and a bit an account of
-- memory. Then the persons who share accounts are put in the place of the accounts that they share.
WITH blocks AS (
    SELECT
        month,
        account_key // 1048576 AS block,
        bit_count(bitstring_agg(CAST(account_key % 1048576 AS INTEGER), 0, 1048575)) AS accounts
    FROM account_months
    WHERE records > 0
    GROUP BY month, block
),
shared AS MATERIALIZED (
    SELECT DISTINCT m.month, s.account_key, s.person_key
    FROM account_months m
    JOIN shared_accounts s ON s.account_key = m.account_key
    WHERE m.records > 0
),
counts AS (
    SELECT month, sum(accounts) AS persons FROM blocks GROUP BY month
    UNION ALL
    SELECT month, count(DISTINCT person_key) - count(DISTINCT account_key) AS persons FROM shared GROUP BY month
)
SELECT month, CAST(sum(persons) AS BIGINT) AS persons
FROM counts
GROUP BY month
ORDER BY month
