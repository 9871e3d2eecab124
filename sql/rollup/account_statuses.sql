-- rollup: account_statuses
-- title: What was sent on an account by its status on the day
-- title.ko: 제공일 당시 상태별 계정 내역
-- needs: account_months, customers, calendar
-- grain: one account and its status on the day
-- range: account_key
--
-- By the newest customer tables an account is former on the days after the one of its withdrawal; else dormant from the day on
-- which it became so; else before_joining on the days before the one on which it joined; else active: each record has one
-- status. A day that the table does not state leaves the status out. Where the holders of a joint account have different days,
-- the owner's count, the earliest of them where there are several. An account that no customer table names is unknown.
WITH people AS (
    SELECT
        account_key,
        max(CASE WHEN holder = 'joint' THEN 0 ELSE 1 END) AS owned,
        min(CASE WHEN COALESCE(holder, 'owner') <> 'joint' THEN joined_on END) AS owner_joined,
        min(CASE WHEN COALESCE(holder, 'owner') <> 'joint' THEN dormant_from END) AS owner_dormant,
        min(CASE WHEN COALESCE(holder, 'owner') <> 'joint' THEN withdrawn_on END) AS owner_withdrawn,
        min(joined_on) AS joint_joined,
        min(dormant_from) AS joint_dormant,
        min(withdrawn_on) AS joint_withdrawn
    FROM customers
    WHERE account_key IS NOT NULL
    GROUP BY account_key
),
dated AS (
    SELECT
        account_key,
        CASE WHEN owned = 1 THEN owner_joined ELSE joint_joined END AS joined_on,
        CASE WHEN owned = 1 THEN owner_dormant ELSE joint_dormant END AS dormant_from,
        CASE WHEN owned = 1 THEN owner_withdrawn ELSE joint_withdrawn END AS withdrawn_on
    FROM people
),
marks AS (
    SELECT joined_on AS date, CAST(NULL AS DATE) AS calendar_date FROM dated GROUP BY joined_on
    UNION ALL
    SELECT dormant_from AS date, CAST(NULL AS DATE) AS calendar_date FROM dated GROUP BY dormant_from
    UNION ALL
    SELECT withdrawn_on AS date, CAST(NULL AS DATE) AS calendar_date FROM dated GROUP BY withdrawn_on
    UNION ALL
    SELECT date, date AS calendar_date FROM calendar
),
next_days AS (
    -- A day may be one that the calendar does not have: for what was sent, that is as good as the next day that it has; where there
    -- is none, nothing was sent any more.
    SELECT
        date,
        calendar_date,
        min(calendar_date) OVER (ORDER BY date RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_date
    FROM marks
    WHERE date IS NOT NULL
),
bounds AS (
    -- from_bit is the first bit on or after the day, after_bit the first one after it.
    SELECT
        n.date,
        COALESCE(c.month, 999913) AS month,
        CAST(COALESCE(c.bit, 1) AS BIGINT) AS from_bit,
        CAST(COALESCE(c.bit, 1) AS BIGINT) * CASE WHEN n.next_date = n.date THEN 2 ELSE 1 END AS after_bit
    FROM next_days n
    LEFT JOIN calendar c ON c.date = n.next_date
    WHERE n.calendar_date IS NULL
    GROUP BY n.date, n.next_date, c.month, c.bit
),
known AS (
    SELECT
        d.account_key,
        j.month AS joined_month,
        j.from_bit AS joined_bit,
        o.month AS dormant_month,
        o.from_bit AS dormant_bit,
        w.month AS former_month,
        w.after_bit AS former_bit
    FROM dated d
    LEFT JOIN bounds j ON j.date = d.joined_on
    LEFT JOIN bounds o ON o.date = d.dormant_from
    LEFT JOIN bounds w ON w.date = d.withdrawn_on
),
masks AS (
    SELECT
        m.account_key,
        CASE WHEN k.account_key IS NULL THEN 1 ELSE 0 END AS is_unknown,
        CAST(m.month AS BIGINT) * 2147483648 AS month_code,
        m.per_day,
        m.days,
        CASE WHEN k.former_month < m.month THEN 2147483647 WHEN k.former_month = m.month THEN -k.former_bit ELSE 0 END AS former,
        CASE WHEN k.dormant_month < m.month THEN 2147483647 WHEN k.dormant_month = m.month THEN -k.dormant_bit ELSE 0 END AS dormant,
        CASE WHEN k.joined_month > m.month THEN 2147483647 WHEN k.joined_month = m.month THEN k.joined_bit - 1 ELSE 0 END AS early
    FROM account_months m
    LEFT JOIN known k ON k.account_key = m.account_key
    WHERE m.records > 0
),
without_former AS (
    SELECT
        account_key,
        is_unknown,
        month_code,
        per_day,
        bitwise_and(days, former) AS former_days,
        days - bitwise_and(days, former) AS rest,
        dormant,
        early
    FROM masks
),
without_dormant AS (
    SELECT
        account_key,
        is_unknown,
        month_code,
        per_day,
        former_days,
        bitwise_and(rest, dormant) AS dormant_days,
        rest - bitwise_and(rest, dormant) AS others,
        early
    FROM without_former
),
counted AS (
    SELECT
        d.account_key,
        d.is_unknown,
        d.month_code,
        d.per_day,
        d.former_days,
        d.dormant_days,
        bitwise_and(d.others, d.early) AS early_days,
        d.others - bitwise_and(d.others, d.early) AS other_days
    FROM without_dormant d
),
totals AS (
    SELECT
        account_key,
        is_unknown,
        sum(per_day * popcount(former_days)) AS former_records,
        min(CASE WHEN former_days <> 0 THEN month_code + bitwise_and(former_days, -former_days) END) AS former_first,
        max(CASE WHEN former_days <> 0 THEN month_code + former_days END) AS former_last,
        sum(per_day * popcount(dormant_days)) AS dormant_records,
        min(CASE WHEN dormant_days <> 0 THEN month_code + bitwise_and(dormant_days, -dormant_days) END) AS dormant_first,
        max(CASE WHEN dormant_days <> 0 THEN month_code + dormant_days END) AS dormant_last,
        sum(per_day * popcount(early_days)) AS early_records,
        min(CASE WHEN early_days <> 0 THEN month_code + bitwise_and(early_days, -early_days) END) AS early_first,
        max(CASE WHEN early_days <> 0 THEN month_code + early_days END) AS early_last,
        sum(per_day * popcount(other_days)) AS other_records,
        min(CASE WHEN other_days <> 0 THEN month_code + bitwise_and(other_days, -other_days) END) AS other_first,
        max(CASE WHEN other_days <> 0 THEN month_code + other_days END) AS other_last
    FROM counted
    GROUP BY account_key, is_unknown
),
kinds AS (
    SELECT no, status
    FROM (VALUES (1, 'former'), (2, 'dormant'), (3, 'before_joining'), (4, 'active'), (5, 'unknown')) AS k (no, status)
),
statuses AS (
    SELECT
        t.account_key,
        k.status,
        CASE k.no WHEN 1 THEN t.former_records WHEN 2 THEN t.dormant_records WHEN 3 THEN t.early_records
            ELSE t.other_records END AS records,
        CASE k.no WHEN 1 THEN t.former_first WHEN 2 THEN t.dormant_first WHEN 3 THEN t.early_first
            ELSE t.other_first END AS first_code,
        CASE k.no WHEN 1 THEN t.former_last WHEN 2 THEN t.dormant_last WHEN 3 THEN t.early_last
            ELSE t.other_last END AS last_code
    FROM totals t
    JOIN kinds k ON k.no < 4 OR k.no = 4 + t.is_unknown
),
places AS (
    -- In last_code stand the days of the last month: the highest bit is the last day.
    SELECT
        account_key,
        status,
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
    FROM statuses
    WHERE first_code IS NOT NULL
),
codes AS (
    SELECT date, CAST(month AS BIGINT) * 2147483648 + bit AS code FROM calendar
)
SELECT
    p.account_key,
    CAST(p.status AS VARCHAR) AS status,
    CAST(p.records AS BIGINT) AS records,
    f.date AS first_date,
    l.date AS last_date
FROM places p
LEFT JOIN codes f ON f.code = p.first_code
LEFT JOIN codes l ON l.code = p.last_code
ORDER BY p.account_key, p.status
