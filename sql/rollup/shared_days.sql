-- rollup: shared_days
-- title: Days on which a person with shared accounts was sent
-- title.ko: 공유 계정 보유자의 제공 일수
-- needs: account_months, shared_accounts
-- grain: one person of shared_accounts of whom at least one record was sent
--
-- Distinct days, whatever the number of accounts, sources and records.
WITH months AS (
    SELECT
        s.person_key,
        m.month,
        max(bitwise_and(m.days, 1))
            + max(bitwise_and(m.days, 2))
            + max(bitwise_and(m.days, 4))
            + max(bitwise_and(m.days, 8))
            + max(bitwise_and(m.days, 16))
            + max(bitwise_and(m.days, 32))
            + max(bitwise_and(m.days, 64))
            + max(bitwise_and(m.days, 128))
            + max(bitwise_and(m.days, 256))
            + max(bitwise_and(m.days, 512))
            + max(bitwise_and(m.days, 1024))
            + max(bitwise_and(m.days, 2048))
            + max(bitwise_and(m.days, 4096))
            + max(bitwise_and(m.days, 8192))
            + max(bitwise_and(m.days, 16384))
            + max(bitwise_and(m.days, 32768))
            + max(bitwise_and(m.days, 65536))
            + max(bitwise_and(m.days, 131072))
            + max(bitwise_and(m.days, 262144))
            + max(bitwise_and(m.days, 524288))
            + max(bitwise_and(m.days, 1048576))
            + max(bitwise_and(m.days, 2097152))
            + max(bitwise_and(m.days, 4194304))
            + max(bitwise_and(m.days, 8388608))
            + max(bitwise_and(m.days, 16777216))
            + max(bitwise_and(m.days, 33554432))
            + max(bitwise_and(m.days, 67108864))
            + max(bitwise_and(m.days, 134217728))
            + max(bitwise_and(m.days, 268435456))
            + max(bitwise_and(m.days, 536870912))
            + max(bitwise_and(m.days, 1073741824)) AS days
    FROM account_months m
    JOIN shared_accounts s ON s.account_key = m.account_key
    WHERE m.records > 0
    GROUP BY s.person_key, m.month
)
SELECT person_key, CAST(sum(popcount(days)) AS INTEGER) AS days
FROM months
GROUP BY person_key
ORDER BY person_key
