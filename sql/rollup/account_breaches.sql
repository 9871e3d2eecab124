-- rollup: account_breaches
-- title: What was sent on an account without consent
-- title.ko: 동의 없이 제공된 계정별 내역
-- needs: account_months, consent_days, contract_days, calendar
-- grain: one account, number of filled fields, number of these that no contract covered, and consents that were lacking
-- range: account_key
--
-- Records that were sent on a day on which a consent was not in force, for that recipient and that purpose. third_party: no
-- consent to sharing was in force; overseas: the recipient is abroad, and no consent to transfer abroad was in force. A record
-- stands in one row, and in none where nothing was lacking. items are the filled fields of one record, uncovered those of them
-- that no outsourcing contract covered on the day. First and last date are those of the records of the row.
WITH terms AS (
    SELECT
        source,
        COALESCE(recipient_key, -1) AS recipient,
        month,
        CAST(month AS BIGINT) * 2147483648 AS month_code,
        fields AS covered,
        days,
        abroad
    FROM contract_days
),
sent AS (
    -- contract_days holds each day once, so that a row is split by its days and nothing counts twice.
    SELECT
        m.account_key,
        m.source,
        t.recipient,
        m.month,
        t.month_code,
        m.per_day,
        CAST(popcount(m.fields) AS INTEGER) AS items,
        CAST(popcount(m.fields - bitwise_and(m.fields, t.covered)) AS INTEGER) AS uncovered,
        t.abroad,
        bitwise_and(m.days, t.days) AS days
    FROM account_months m
    JOIN terms t ON t.source = m.source AND t.month = m.month AND t.recipient = COALESCE(m.recipient_key, -1)
    WHERE m.records > 0
),
consented AS (
    SELECT
        s.account_key,
        s.month_code,
        s.per_day,
        s.items,
        s.uncovered,
        s.days - bitwise_and(s.days, c.third_party) AS unshared,
        CASE WHEN s.abroad THEN s.days - bitwise_and(s.days, c.overseas) ELSE 0 END AS unmoved
    FROM sent s
    JOIN consent_days c
        ON c.account_key = s.account_key AND c.source = s.source AND c.month = s.month
        AND COALESCE(c.recipient_key, -1) = s.recipient
),
kinds AS (
    SELECT third_party, overseas FROM (VALUES (TRUE, TRUE), (TRUE, FALSE), (FALSE, TRUE)) AS k (third_party, overseas)
),
lacking AS (
    SELECT s.account_key, s.items, s.uncovered, TRUE AS third_party, s.abroad AS overseas, s.month_code, s.per_day, s.days
    FROM sent s
    WHERE NOT EXISTS (
        SELECT 1
        FROM consent_days c
        WHERE c.account_key = s.account_key AND c.source = s.source AND c.month = s.month
            AND COALESCE(c.recipient_key, -1) = s.recipient
    )
    UNION ALL
    SELECT
        c.account_key,
        c.items,
        c.uncovered,
        k.third_party,
        k.overseas,
        c.month_code,
        c.per_day,
        CASE
            WHEN k.third_party AND k.overseas THEN bitwise_and(c.unshared, c.unmoved)
            WHEN k.third_party THEN c.unshared - bitwise_and(c.unshared, c.unmoved)
            ELSE c.unmoved - bitwise_and(c.unshared, c.unmoved)
        END AS days
    FROM consented c
    CROSS JOIN kinds k
),
totals AS (
    -- Of several sets of days in the first month the smallest lowest bit is the first day; in the last month the largest
    -- value has the last.
    SELECT
        account_key,
        items,
        uncovered,
        third_party,
        overseas,
        sum(per_day * popcount(days)) AS records,
        min(month_code + bitwise_and(days, -days)) AS first_code,
        max(month_code + days) AS last_code
    FROM lacking
    WHERE days <> 0
    GROUP BY account_key, items, uncovered, third_party, overseas
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
    t.items,
    t.uncovered,
    t.third_party,
    t.overseas,
    CAST(t.records AS BIGINT) AS records,
    f.date AS first_date,
    l.date AS last_date
FROM totals t
JOIN codes f ON f.code = t.first_code
JOIN codes l ON l.month_code = t.last_code - t.last_code % 2147483648 AND l.code <= t.last_code AND t.last_code < l.next_code
ORDER BY t.account_key, t.items, t.uncovered, t.third_party, t.overseas
