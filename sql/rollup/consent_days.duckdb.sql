-- The union of the days by bit_or in place of one aggregate for each bit, so that the same consent twice does no harm; and only
-- the consents of the months that are looked at, as most of them are made one at a time.
WITH given AS (
    SELECT
        account_key,
        kind,
        COALESCE(recipient, '*') AS recipient,
        COALESCE(purpose, '*') AS purpose,
        given_on,
        until_on
    FROM consents
    WHERE account_key IS NOT NULL
        AND kind IN ('third_party', 'overseas')
        AND given_on <= (SELECT max(date) FROM calendar)
        AND (until_on IS NULL OR given_on < until_on AND until_on > (SELECT min(date) FROM calendar))
),
scopes AS (
    -- The few pairs of texts get numbers, so that people are joined by number.
    SELECT recipient, purpose, row_number() OVER (ORDER BY recipient, purpose) AS scope
    FROM given
    GROUP BY recipient, purpose
),
numbered AS (
    SELECT
        source,
        recipient_key,
        recipient,
        purpose,
        row_number() OVER (ORDER BY source, recipient_key NULLS LAST) AS flow
    FROM flows
),
matches AS (
    SELECT f.source, COALESCE(f.recipient_key, -1) AS recipient, f.flow, s.scope
    FROM numbered f
    JOIN scopes s ON s.recipient = f.recipient
    WHERE s.recipient <> '*' AND (s.purpose = '*' OR s.purpose = f.purpose)
    UNION ALL
    SELECT f.source, COALESCE(f.recipient_key, -1) AS recipient, f.flow, s.scope
    FROM numbered f
    JOIN scopes s ON s.purpose = '*' OR s.purpose = f.purpose
    WHERE s.recipient = '*'
),
marks AS (
    SELECT given_on AS date, CAST(NULL AS DATE) AS calendar_date FROM given GROUP BY given_on
    UNION ALL
    SELECT until_on AS date, CAST(NULL AS DATE) AS calendar_date FROM given WHERE until_on IS NOT NULL GROUP BY until_on
    UNION ALL
    SELECT date, date AS calendar_date FROM calendar
),
next_days AS (
    -- A consent may begin or end on a day that the calendar does not have: for what was sent, that is as good as the next day that
    -- it has; where there is none, nothing was sent any more.
    SELECT
        date,
        calendar_date,
        min(calendar_date) OVER (ORDER BY date RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_date
    FROM marks
),
bounds AS (
    SELECT n.date, COALESCE(c.month, 999913) AS month, COALESCE(c.bit, 1) AS bit
    FROM next_days n
    LEFT JOIN calendar c ON c.date = n.next_date
    WHERE n.calendar_date IS NULL
    GROUP BY n.date, COALESCE(c.month, 999913), COALESCE(c.bit, 1)
),
intervals AS (
    SELECT
        g.account_key,
        g.kind,
        s.scope,
        f.month AS from_month,
        f.bit AS from_bit,
        COALESCE(u.month, 999913) AS until_month,
        COALESCE(u.bit, 1) AS until_bit
    FROM given g
    JOIN scopes s ON s.recipient = g.recipient AND s.purpose = g.purpose
    JOIN bounds f ON f.date = g.given_on
    LEFT JOIN bounds u ON u.date = g.until_on
),
masks AS (
    -- Only months in which the account was sent, so that a consent without an end makes no rows of its own.
    SELECT
        m.account_key,
        w.flow,
        m.month,
        i.kind,
        bitwise_and(
            CASE WHEN m.month = i.from_month THEN bitwise_and(-i.from_bit, 2147483647) ELSE 2147483647 END,
            CASE WHEN m.month = i.until_month THEN i.until_bit - 1 ELSE 2147483647 END
        ) AS days
    FROM account_months m
    JOIN matches w ON w.source = m.source AND w.recipient = COALESCE(m.recipient_key, -1)
    JOIN intervals i ON i.account_key = m.account_key AND i.scope = w.scope
    WHERE i.from_month <= m.month AND m.month <= i.until_month AND m.records > 0
),
months AS (
    SELECT
        account_key,
        flow,
        month,
        bit_or(days) FILTER (WHERE kind = 'third_party') AS third_party,
        bit_or(days) FILTER (WHERE kind = 'overseas') AS overseas
    FROM masks
    WHERE days <> 0
    GROUP BY account_key, flow, month
)
SELECT
    m.account_key,
    f.source,
    f.recipient_key,
    m.month,
    CAST(COALESCE(m.third_party, 0) AS INTEGER) AS third_party,
    CAST(COALESCE(m.overseas, 0) AS INTEGER) AS overseas
FROM months m
JOIN numbered f ON f.flow = m.flow
ORDER BY m.account_key, f.source, f.recipient_key NULLS LAST, m.month
