-- rollup: account_totals
-- title: What was sent on each account
-- title.ko: 계정별 제공 내역
-- needs: account_months, calendar
-- grain: one account with at least one record
-- range: account_key
--
-- All records to anybody. Items are records times the number of filled fields of personal data. Days are distinct days, whatever
-- the number of sources, recipients and records.
WITH months AS (
    -- days is the union of the bits. Of several sets of days the smallest lowest bit is the first day of all, and the largest
    -- value has the last.
    SELECT
        account_key,
        month,
        sum(records) AS records,
        sum(records * popcount(fields)) AS items,
        max(bitwise_and(days, 1))
            + max(bitwise_and(days, 2))
            + max(bitwise_and(days, 4))
            + max(bitwise_and(days, 8))
            + max(bitwise_and(days, 16))
            + max(bitwise_and(days, 32))
            + max(bitwise_and(days, 64))
            + max(bitwise_and(days, 128))
            + max(bitwise_and(days, 256))
            + max(bitwise_and(days, 512))
            + max(bitwise_and(days, 1024))
            + max(bitwise_and(days, 2048))
            + max(bitwise_and(days, 4096))
            + max(bitwise_and(days, 8192))
            + max(bitwise_and(days, 16384))
            + max(bitwise_and(days, 32768))
            + max(bitwise_and(days, 65536))
            + max(bitwise_and(days, 131072))
            + max(bitwise_and(days, 262144))
            + max(bitwise_and(days, 524288))
            + max(bitwise_and(days, 1048576))
            + max(bitwise_and(days, 2097152))
            + max(bitwise_and(days, 4194304))
            + max(bitwise_and(days, 8388608))
            + max(bitwise_and(days, 16777216))
            + max(bitwise_and(days, 33554432))
            + max(bitwise_and(days, 67108864))
            + max(bitwise_and(days, 134217728))
            + max(bitwise_and(days, 268435456))
            + max(bitwise_and(days, 536870912))
            + max(bitwise_and(days, 1073741824)) AS days,
        min(bitwise_and(days, -days)) AS first_bit,
        CASE
            WHEN max(days) >= 1073741824 THEN 31
            WHEN max(days) >= 536870912 THEN 30
            WHEN max(days) >= 268435456 THEN 29
            WHEN max(days) >= 134217728 THEN 28
            WHEN max(days) >= 67108864 THEN 27
            WHEN max(days) >= 33554432 THEN 26
            WHEN max(days) >= 16777216 THEN 25
            WHEN max(days) >= 8388608 THEN 24
            WHEN max(days) >= 4194304 THEN 23
            WHEN max(days) >= 2097152 THEN 22
            WHEN max(days) >= 1048576 THEN 21
            WHEN max(days) >= 524288 THEN 20
            WHEN max(days) >= 262144 THEN 19
            WHEN max(days) >= 131072 THEN 18
            WHEN max(days) >= 65536 THEN 17
            WHEN max(days) >= 32768 THEN 16
            WHEN max(days) >= 16384 THEN 15
            WHEN max(days) >= 8192 THEN 14
            WHEN max(days) >= 4096 THEN 13
            WHEN max(days) >= 2048 THEN 12
            WHEN max(days) >= 1024 THEN 11
            WHEN max(days) >= 512 THEN 10
            WHEN max(days) >= 256 THEN 9
            WHEN max(days) >= 128 THEN 8
            WHEN max(days) >= 64 THEN 7
            WHEN max(days) >= 32 THEN 6
            WHEN max(days) >= 16 THEN 5
            WHEN max(days) >= 8 THEN 4
            WHEN max(days) >= 4 THEN 3
            WHEN max(days) >= 2 THEN 2
            ELSE 1
        END AS last_day
    FROM account_months
    WHERE records > 0
    GROUP BY account_key, month
),
totals AS (
    -- Month and day in one number: its minimum and maximum are the first and the last day.
    SELECT
        account_key,
        sum(records) AS records,
        sum(items) AS items,
        sum(popcount(days)) AS days,
        min(CAST(month AS BIGINT) * 2147483648 + first_bit) AS first_code,
        max(CAST(month AS BIGINT) * 100 + last_day) AS last_code
    FROM months
    GROUP BY account_key
),
codes AS (
    SELECT
        date,
        CAST(month AS BIGINT) * 2147483648 + bit AS first_code,
        CAST(month AS BIGINT) * 100 + day AS last_code
    FROM calendar
)
SELECT
    t.account_key,
    CAST(t.records AS BIGINT) AS records,
    CAST(t.items AS BIGINT) AS items,
    CAST(t.days AS INTEGER) AS days,
    f.date AS first_date,
    c.date AS last_date
FROM totals t
LEFT JOIN codes f ON f.first_code = t.first_code
LEFT JOIN codes c ON c.last_code = t.last_code
ORDER BY t.account_key
