-- Months of recipients get numbers, so that the consents of people are joined by number, all in one pass. The day of a bit is
-- worked out of its place, in place of a search in the calendar. What rows are grouped by is one number, in place of five columns:
-- the account, numbers of fields (up to 63), and consents.
WITH terms AS (
    SELECT
        source,
        COALESCE(recipient_key, -1) AS recipient,
        month,
        CAST(month AS BIGINT) << 31 AS month_code,
        dense_rank() OVER (ORDER BY source, recipient_key, month) AS term,
        fields AS covered,
        days,
        CASE WHEN abroad THEN days ELSE 0 END AS days_abroad,
        CASE WHEN abroad THEN 1 ELSE 0 END AS state
    FROM contract_days
),
consented AS (
    SELECT c.account_key, t.term, c.third_party, c.overseas
    FROM consent_days c
    JOIN (SELECT DISTINCT source, recipient, month, term FROM terms) t
        ON t.source = c.source AND t.month = c.month AND t.recipient = COALESCE(c.recipient_key, -1)
),
sent AS (
    SELECT
        m.account_key,
        CAST(bit_count(m.fields) AS INTEGER) AS items,
        CAST(bit_count(m.fields & ~t.covered) AS INTEGER) AS uncovered,
        m.per_day,
        t.month_code,
        CASE WHEN c.term IS NULL THEN t.state ELSE 2 END AS state,
        m.days & t.days & ~COALESCE(c.third_party, 0) AS unshared,
        m.days & t.days_abroad & ~COALESCE(c.overseas, 0) AS unmoved
    FROM account_months m
    JOIN terms t ON t.source = m.source AND t.month = m.month AND t.recipient = COALESCE(m.recipient_key, -1)
    LEFT JOIN consented c ON c.account_key = m.account_key AND c.term = t.term
    WHERE m.records > 0
),
kinds AS (
    -- A row without any consent is of one kind, that of its recipient; the days of others are of three.
    -- code is 2 where a consent to sharing is lacking, and 1 where one to transfer abroad is.
    SELECT state, code, third_party_flip, overseas_flip
    FROM (VALUES (0, 2, 0, -1), (1, 3, 0, 0), (2, 3, 0, 0), (2, 2, 0, -1), (2, 1, -1, 0))
        AS k (state, code, third_party_flip, overseas_flip)
),
lacking AS (
    SELECT
        (CAST(s.account_key AS BIGINT) << 16) + (s.items << 9) + (s.uncovered << 2) + k.code AS code,
        s.per_day,
        s.month_code,
        xor(s.unshared, k.third_party_flip) & xor(s.unmoved, k.overseas_flip) AS days
    FROM sent s
    JOIN kinds k ON k.state = s.state
),
totals AS (
    SELECT
        code,
        sum(per_day * bit_count(days)) AS records,
        min(month_code + (days & -days)) AS first_code,
        max(month_code + days) AS last_code
    FROM lacking
    WHERE days <> 0
    GROUP BY code
)
SELECT
    CAST(code >> 16 AS INTEGER) AS account_key,
    CAST((code >> 9) & 127 AS INTEGER) AS items,
    CAST((code >> 2) & 127 AS INTEGER) AS uncovered,
    (code & 2) <> 0 AS third_party,
    (code & 1) <> 0 AS overseas,
    CAST(records AS BIGINT) AS records,
    make_date((first_code >> 31) // 100, (first_code >> 31) % 100, length(bin(first_code & 2147483647))) AS first_date,
    make_date((last_code >> 31) // 100, (last_code >> 31) % 100, length(bin(last_code & 2147483647))) AS last_date
FROM totals
ORDER BY code
