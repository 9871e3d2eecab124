-- finding: after_stop
-- title: Data sent about people after the sender says it stopped
-- title.ko: 중단했다고 밝힌 날 이후 제공된 사람
-- needs: account_months, subjects, sources, calendar
-- rule: Personal Information Protection Act, Art. 17 and 18; Evidence: what the sender states is held against what it delivered
-- reading: holders
--
-- One row for each person of whom at least one record has a date later than the day on which the sender says that the source
-- stopped, with the number of these records and the first and the last of their days; records of the day itself do not count.
WITH later AS (
    SELECT s.source, c.month, sum(c.bit) AS days
    FROM sources s
    JOIN calendar c ON c.date > s.stopped_on
    GROUP BY s.source, c.month
),
sent AS (
    SELECT m.account_key, m.month, m.per_day, bitwise_and(m.days, l.days) AS days
    FROM account_months m
    JOIN later l ON l.source = m.source AND l.month = m.month
    WHERE bitwise_and(m.days, l.days) <> 0 AND m.records > 0
),
totals AS (
    -- Of several sets of days in the first month the smallest lowest bit is the first day; in the last month the largest
    -- value has the last day.
    SELECT
        s.person_key,
        sum(t.per_day * popcount(t.days)) AS records,
        min(CAST(t.month AS BIGINT) * 2147483648 + bitwise_and(t.days, -t.days)) AS first_code,
        max(CAST(t.month AS BIGINT) * 2147483648 + t.days) AS last_code
    FROM sent t
    JOIN subjects s ON s.account_key = t.account_key
    GROUP BY s.person_key
),
places AS (
    SELECT
        person_key,
        records,
        first_code,
        last_code - last_code % 2147483648 + CASE
            WHEN last_code % 2147483648 >= 1073741824 THEN 1073741824
            WHEN last_code % 2147483648 >= 536870912 THEN 536870912
            WHEN last_code % 2147483648 >= 268435456 THEN 268435456
            WHEN last_code % 2147483648 >= 134217728 THEN 134217728
            WHEN last_code % 2147483648 >= 67108864 THEN 67108864
            WHEN last_code % 2147483648 >= 33554432 THEN 33554432
            WHEN last_code % 2147483648 >= 16777216 THEN 16777216
            WHEN last_code % 2147483648 >= 8388608 THEN 8388608
            WHEN last_code % 2147483648 >= 4194304 THEN 4194304
            WHEN last_code % 2147483648 >= 2097152 THEN 2097152
            WHEN last_code % 2147483648 >= 1048576 THEN 1048576
            WHEN last_code % 2147483648 >= 524288 THEN 524288
            WHEN last_code % 2147483648 >= 262144 THEN 262144
            WHEN last_code % 2147483648 >= 131072 THEN 131072
            WHEN last_code % 2147483648 >= 65536 THEN 65536
            WHEN last_code % 2147483648 >= 32768 THEN 32768
            WHEN last_code % 2147483648 >= 16384 THEN 16384
            WHEN last_code % 2147483648 >= 8192 THEN 8192
            WHEN last_code % 2147483648 >= 4096 THEN 4096
            WHEN last_code % 2147483648 >= 2048 THEN 2048
            WHEN last_code % 2147483648 >= 1024 THEN 1024
            WHEN last_code % 2147483648 >= 512 THEN 512
            WHEN last_code % 2147483648 >= 256 THEN 256
            WHEN last_code % 2147483648 >= 128 THEN 128
            WHEN last_code % 2147483648 >= 64 THEN 64
            WHEN last_code % 2147483648 >= 32 THEN 32
            WHEN last_code % 2147483648 >= 16 THEN 16
            WHEN last_code % 2147483648 >= 8 THEN 8
            WHEN last_code % 2147483648 >= 4 THEN 4
            WHEN last_code % 2147483648 >= 2 THEN 2
            ELSE 1
        END AS last_code
    FROM totals
),
codes AS (
    SELECT date, CAST(month AS BIGINT) * 2147483648 + bit AS code FROM calendar
)
SELECT p.person_key, CAST(p.records AS BIGINT) AS records, f.date AS first_date, l.date AS last_date
FROM places p
LEFT JOIN codes f ON f.code = p.first_code
LEFT JOIN codes l ON l.code = p.last_code
ORDER BY p.person_key
