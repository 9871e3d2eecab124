-- rollup: account_statuses
-- title: What was sent on an account while it was no active one
-- title.ko: 탈퇴·휴면·가입 전 상태에서 제공된 계정 내역
-- needs: account_months, customers, calendar
-- grain: one account and its status on the day: former, dormant or before_joining
-- range: account_key
--
-- By the newest customer tables an account is former on the days after the one of its withdrawal; else dormant from the day on
-- which it became so; else before_joining on the days before the one on which it joined; records of other days are not in here:
-- each record has one status or none. A day that the table does not state leaves the status out. Where the holders of a joint
-- account have different days, the owner's count, the earliest of them where there are several. An account that no customer
-- table names has no status.
WITH span AS (
    SELECT min(date) AS first_date, max(date) AS last_date FROM calendar
),
marked AS (
    -- Most accounts have no other day than one on which they joined, before anything was sent.
    SELECT c.account_key
    FROM customers c
    CROSS JOIN span s
    WHERE c.account_key IS NOT NULL
        AND (c.joined_on > s.first_date OR c.dormant_from <= s.last_date OR c.withdrawn_on < s.last_date)
    GROUP BY c.account_key
),
people AS (
    SELECT
        c.account_key,
        max(CASE WHEN c.holder = 'joint' THEN 0 ELSE 1 END) AS owned,
        min(CASE WHEN COALESCE(c.holder, 'owner') <> 'joint' THEN c.joined_on END) AS owner_joined,
        min(CASE WHEN COALESCE(c.holder, 'owner') <> 'joint' THEN c.dormant_from END) AS owner_dormant,
        min(CASE WHEN COALESCE(c.holder, 'owner') <> 'joint' THEN c.withdrawn_on END) AS owner_withdrawn,
        min(c.joined_on) AS joint_joined,
        min(c.dormant_from) AS joint_dormant,
        min(c.withdrawn_on) AS joint_withdrawn
    FROM customers c
    JOIN marked m ON m.account_key = c.account_key
    GROUP BY c.account_key
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
        CAST(m.month AS BIGINT) * 2147483648 AS month_code,
        m.per_day,
        m.days,
        CASE WHEN k.former_month < m.month THEN 2147483647 WHEN k.former_month = m.month THEN -k.former_bit ELSE 0 END AS former,
        CASE WHEN k.dormant_month < m.month THEN 2147483647 WHEN k.dormant_month = m.month THEN -k.dormant_bit ELSE 0 END AS dormant,
        CASE WHEN k.joined_month > m.month THEN 2147483647 WHEN k.joined_month = m.month THEN k.joined_bit - 1 ELSE 0 END AS early
    FROM account_months m
    JOIN known k ON k.account_key = m.account_key
    -- Every account_key is 0 or more. It is said here so that an engine takes the few known accounts for the smaller table, and has
    -- no need to hold a month of all.
    WHERE m.records > 0 AND k.account_key >= 0
),
kinds AS (
    SELECT no, status FROM (VALUES (1, 'former'), (2, 'dormant'), (3, 'before_joining')) AS k (no, status)
),
counted AS (
    -- Each kind takes of the days what those before it left.
    SELECT
        m.account_key,
        k.no,
        m.month_code,
        m.per_day,
        CASE k.no
            WHEN 1 THEN bitwise_and(m.days, m.former)
            WHEN 2 THEN bitwise_and(m.days - bitwise_and(m.days, m.former), m.dormant)
            ELSE bitwise_and(
                m.days - bitwise_and(m.days, m.former) - bitwise_and(m.days - bitwise_and(m.days, m.former), m.dormant), m.early)
        END AS days
    FROM masks m
    CROSS JOIN kinds k
    WHERE bitwise_and(m.days, m.former) <> 0 OR bitwise_and(m.days, m.dormant) <> 0 OR bitwise_and(m.days, m.early) <> 0
),
totals AS (
    -- Of several sets of days in the first month the smallest lowest bit is the first day; in the last month the largest
    -- value has the last.
    SELECT
        account_key,
        no,
        sum(per_day * popcount(days)) AS records,
        min(month_code + bitwise_and(days, -days)) AS first_code,
        max(month_code + days) AS last_code
    FROM counted
    WHERE days <> 0
    GROUP BY account_key, no
),
codes AS (
    SELECT
        date,
        CAST(month AS BIGINT) * 2147483648 AS month_code,
        CAST(month AS BIGINT) * 2147483648 + bit AS code,
        CAST(month AS BIGINT) * 2147483648 + bit * CAST(2 AS BIGINT) AS next_code
    FROM calendar
)
SELECT
    t.account_key,
    CAST(k.status AS VARCHAR) AS status,
    CAST(t.records AS BIGINT) AS records,
    f.date AS first_date,
    l.date AS last_date
FROM totals t
JOIN kinds k ON k.no = t.no
JOIN codes f ON f.code = t.first_code
JOIN codes l ON l.month_code = t.last_code - t.last_code % 2147483648 AND l.code <= t.last_code AND t.last_code < l.next_code
ORDER BY t.account_key, k.status
