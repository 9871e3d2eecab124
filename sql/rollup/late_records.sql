-- rollup: late_records
-- title: What was sent after the sender says it stopped
-- title.ko: 중단했다고 밝힌 날 이후에 제공된 내역
-- needs: account_months, sources, calendar
-- grain: one account and source of which the case says when the sender stopped
-- range: account_key
--
-- The records that were sent on the account on days later than that day; records of the day itself are not later. First and last
-- date are those of these records.
WITH later AS (
    SELECT s.source, c.month, sum(c.bit) AS days
    FROM sources s
    JOIN calendar c ON c.date > s.stopped_on
    GROUP BY s.source, c.month
),
sent AS (
    SELECT
        m.account_key,
        m.source,
        CAST(m.month AS BIGINT) * 2147483648 AS month_code,
        m.per_day,
        bitwise_and(m.days, CAST(l.days AS INTEGER)) AS days
    FROM account_months m
    JOIN later l ON l.source = m.source AND l.month = m.month
    WHERE m.records > 0
),
totals AS (
    -- Of several sets of days in the first month the smallest lowest bit is the first day; in the last month the largest
    -- value has the last.
    SELECT
        account_key,
        source,
        sum(per_day * popcount(days)) AS records,
        min(month_code + bitwise_and(days, -days)) AS first_code,
        max(month_code + days) AS last_code
    FROM sent
    WHERE days <> 0
    GROUP BY account_key, source
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
    t.source,
    CAST(t.records AS BIGINT) AS records,
    f.date AS first_date,
    l.date AS last_date
FROM totals t
JOIN codes f ON f.code = t.first_code
JOIN codes l ON l.month_code = t.last_code - t.last_code % 2147483648 AND l.code <= t.last_code AND t.last_code < l.next_code
ORDER BY t.account_key, t.source
