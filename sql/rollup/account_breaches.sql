-- rollup: account_breaches
-- title: What was sent on an account without consent
-- title.ko: 동의 없이 제공된 계정별 내역
-- needs: account_months, consent_days, contract_days, calendar
-- grain: one account on which something was sent without a consent
-- range: account_key
--
-- Records that were sent on a day on which a consent was not in force, for that recipient and that purpose, by what was lacking:
-- third_party: no consent to sharing was in force; overseas: the recipient is abroad, and no consent to transfer abroad was in
-- force. Of those of third_party, filled are the records with at least one filled field, and uncovered those with at least one that no
-- outsourcing contract covered on the day. A record stands in each of the four that it belongs to. Items are the filled fields of
-- the records, those of uncovered the ones without a contract; the items of filled are those of third_party. First and last are
-- days of such records, and NULL where there is none.
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
        popcount(m.fields) AS items,
        popcount(m.fields - bitwise_and(m.fields, t.covered)) AS uncovered,
        t.abroad,
        bitwise_and(m.days, t.days) AS days
    FROM account_months m
    JOIN terms t ON t.source = m.source AND t.month = m.month AND t.recipient = COALESCE(m.recipient_key, -1)
    WHERE m.per_day > 0
),
consented AS (
    SELECT
        s.account_key,
        s.month_code,
        s.per_day,
        s.items,
        s.uncovered,
        s.days - bitwise_and(s.days, COALESCE(c.third_party, 0)) AS unshared,
        CASE WHEN s.abroad THEN s.days - bitwise_and(s.days, COALESCE(c.overseas, 0)) ELSE 0 END AS unmoved
    FROM sent s
    LEFT JOIN consent_days c
        ON c.account_key = s.account_key AND c.source = s.source AND c.month = s.month
        AND COALESCE(c.recipient_key, -1) = s.recipient
),
lacking AS (
    SELECT account_key, 'third_party' AS kind, month_code, per_day, items, unshared AS days FROM consented
    UNION ALL
    SELECT account_key, 'overseas' AS kind, month_code, per_day, items, unmoved AS days FROM consented
    UNION ALL
    SELECT account_key, 'filled' AS kind, month_code, per_day, items, unshared AS days FROM consented WHERE items > 0
    UNION ALL
    SELECT account_key, 'uncovered' AS kind, month_code, per_day, uncovered AS items, unshared AS days FROM consented WHERE uncovered > 0
),
totals AS (
    -- Of several sets of days in the first month the smallest lowest bit is the first day; in the last month the largest
    -- value has the last.
    SELECT
        account_key,
        kind,
        sum(per_day * popcount(days)) AS records,
        sum(per_day * popcount(days) * items) AS items,
        min(month_code + bitwise_and(days, -days)) AS first_code,
        max(month_code + days) AS last_code
    FROM lacking
    WHERE days <> 0
    GROUP BY account_key, kind
),
codes AS (
    SELECT
        date,
        CAST(month AS BIGINT) * 2147483648 AS month_code,
        CAST(month AS BIGINT) * 2147483648 + bit AS code,
        CAST(month AS BIGINT) * 2147483648 + bit * CAST(2 AS BIGINT) AS next_code
    FROM calendar
),
kinds AS (
    SELECT t.account_key, t.kind, t.records, t.items, f.date AS first_date, l.date AS last_date
    FROM totals t
    JOIN codes f ON f.code = t.first_code
    JOIN codes l ON l.month_code = t.last_code - t.last_code % 2147483648 AND l.code <= t.last_code AND t.last_code < l.next_code
)
SELECT
    account_key,
    CAST(COALESCE(max(records) FILTER (WHERE kind = 'third_party'), 0) AS BIGINT) AS third_party_records,
    CAST(COALESCE(max(items) FILTER (WHERE kind = 'third_party'), 0) AS BIGINT) AS third_party_items,
    max(first_date) FILTER (WHERE kind = 'third_party') AS third_party_first,
    max(last_date) FILTER (WHERE kind = 'third_party') AS third_party_last,
    CAST(COALESCE(max(records) FILTER (WHERE kind = 'overseas'), 0) AS BIGINT) AS overseas_records,
    CAST(COALESCE(max(items) FILTER (WHERE kind = 'overseas'), 0) AS BIGINT) AS overseas_items,
    max(first_date) FILTER (WHERE kind = 'overseas') AS overseas_first,
    max(last_date) FILTER (WHERE kind = 'overseas') AS overseas_last,
    CAST(COALESCE(max(records) FILTER (WHERE kind = 'filled'), 0) AS BIGINT) AS filled_records,
    max(first_date) FILTER (WHERE kind = 'filled') AS filled_first,
    max(last_date) FILTER (WHERE kind = 'filled') AS filled_last,
    CAST(COALESCE(max(records) FILTER (WHERE kind = 'uncovered'), 0) AS BIGINT) AS uncovered_records,
    CAST(COALESCE(max(items) FILTER (WHERE kind = 'uncovered'), 0) AS BIGINT) AS uncovered_items,
    max(first_date) FILTER (WHERE kind = 'uncovered') AS uncovered_first,
    max(last_date) FILTER (WHERE kind = 'uncovered') AS uncovered_last
FROM kinds
GROUP BY account_key
ORDER BY account_key
