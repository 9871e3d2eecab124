-- rollup: account_breaches
-- title: What was sent on an account without consent or basis
-- title.ko: 동의·근거 없이 제공된 계정별 내역
-- needs: account_months, flows, consent_days, contract_days, calendar
-- grain: one account and breach
-- range: account_key
--
-- third_party: on the day no consent to sharing with that recipient for that purpose was in force. overseas: the recipient is
-- abroad and no consent to transfer abroad was in force. basis_needs_consent: fields were filled, and no consent to sharing
-- was in force; by this reading no contract stands in for it. basis_exempt: no consent to sharing was in force and at least
-- one of the filled fields was covered by no outsourcing contract on that day; items are those fields alone. First and last
-- date are those of the records in question.
WITH days AS (
    -- contract_days holds each day once, so that a row is split by its days and nothing counts twice.
    SELECT
        m.account_key,
        CAST(m.month AS BIGINT) * 2147483648 AS month_code,
        m.per_day,
        popcount(m.fields) AS items,
        popcount(m.fields - bitwise_and(m.fields, k.fields)) AS uncovered,
        bitwise_and(m.days, k.days) AS days,
        CASE WHEN f.abroad THEN bitwise_and(m.days, k.days) ELSE 0 END AS days_abroad,
        COALESCE(c.third_party, 0) AS third_party,
        COALESCE(c.overseas, 0) AS overseas
    FROM account_months m
    JOIN flows f ON f.source = m.source AND COALESCE(f.recipient_key, -1) = COALESCE(m.recipient_key, -1)
    JOIN contract_days k
        ON k.source = m.source AND k.month = m.month AND COALESCE(k.recipient_key, -1) = COALESCE(m.recipient_key, -1)
    LEFT JOIN consent_days c
        ON c.account_key = m.account_key AND c.source = m.source AND c.month = m.month
        AND COALESCE(c.recipient_key, -1) = COALESCE(m.recipient_key, -1)
    WHERE bitwise_and(m.days, k.days) <> 0 AND m.records > 0
),
without AS (
    SELECT
        account_key,
        month_code,
        per_day,
        items,
        uncovered,
        days - bitwise_and(days, third_party) AS unshared,
        days_abroad - bitwise_and(days_abroad, overseas) AS unmoved
    FROM days
),
counted AS (
    SELECT
        account_key,
        per_day * popcount(unshared) AS shared_records,
        per_day * popcount(unmoved) AS moved_records,
        items,
        uncovered,
        CASE WHEN unshared <> 0 THEN month_code + bitwise_and(unshared, -unshared) END AS shared_first,
        CASE WHEN unshared <> 0 THEN month_code + unshared END AS shared_last,
        CASE WHEN unmoved <> 0 THEN month_code + bitwise_and(unmoved, -unmoved) END AS moved_first,
        CASE WHEN unmoved <> 0 THEN month_code + unmoved END AS moved_last
    FROM without
    WHERE unshared <> 0 OR unmoved <> 0
),
combined AS (
    -- Few combinations of fields an account: what differs between them is worked out below, on a fraction of the rows.
    SELECT
        account_key,
        items,
        uncovered,
        sum(shared_records) AS shared_records,
        min(shared_first) AS shared_first,
        max(shared_last) AS shared_last,
        sum(moved_records) AS moved_records,
        min(moved_first) AS moved_first,
        max(moved_last) AS moved_last
    FROM counted
    GROUP BY account_key, items, uncovered
),
totals AS (
    SELECT
        account_key,
        sum(shared_records) AS shared_records,
        sum(shared_records * items) AS shared_items,
        min(shared_first) AS shared_first,
        max(shared_last) AS shared_last,
        sum(moved_records) AS moved_records,
        sum(moved_records * items) AS moved_items,
        min(moved_first) AS moved_first,
        max(moved_last) AS moved_last,
        sum(CASE WHEN items > 0 THEN shared_records ELSE 0 END) AS filled_records,
        min(CASE WHEN items > 0 THEN shared_first END) AS filled_first,
        max(CASE WHEN items > 0 THEN shared_last END) AS filled_last,
        sum(CASE WHEN uncovered > 0 THEN shared_records ELSE 0 END) AS uncovered_records,
        sum(shared_records * uncovered) AS uncovered_items,
        min(CASE WHEN uncovered > 0 THEN shared_first END) AS uncovered_first,
        max(CASE WHEN uncovered > 0 THEN shared_last END) AS uncovered_last
    FROM combined
    GROUP BY account_key
),
kinds AS (
    SELECT no, breach
    FROM (VALUES (1, 'third_party'), (2, 'overseas'), (3, 'basis_needs_consent'), (4, 'basis_exempt')) AS k (no, breach)
),
breaches AS (
    SELECT
        t.account_key,
        k.breach,
        CASE k.no WHEN 1 THEN t.shared_records WHEN 2 THEN t.moved_records WHEN 3 THEN t.filled_records
            ELSE t.uncovered_records END AS records,
        CASE k.no WHEN 1 THEN t.shared_items WHEN 2 THEN t.moved_items WHEN 3 THEN t.shared_items
            ELSE t.uncovered_items END AS items,
        CASE k.no WHEN 1 THEN t.shared_first WHEN 2 THEN t.moved_first WHEN 3 THEN t.filled_first
            ELSE t.uncovered_first END AS first_code,
        CASE k.no WHEN 1 THEN t.shared_last WHEN 2 THEN t.moved_last WHEN 3 THEN t.filled_last
            ELSE t.uncovered_last END AS last_code
    FROM totals t
    CROSS JOIN kinds k
),
places AS (
    -- In last_code stand the days of the last month: the highest bit is the last day.
    SELECT
        account_key,
        breach,
        records,
        items,
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
    FROM breaches
    WHERE first_code IS NOT NULL
),
codes AS (
    SELECT date, CAST(month AS BIGINT) * 2147483648 + bit AS code FROM calendar
)
SELECT
    p.account_key,
    CAST(p.breach AS VARCHAR) AS breach,
    CAST(p.records AS BIGINT) AS records,
    CAST(p.items AS BIGINT) AS items,
    f.date AS first_date,
    l.date AS last_date
FROM places p
LEFT JOIN codes f ON f.code = p.first_code
LEFT JOIN codes l ON l.code = p.last_code
ORDER BY p.account_key, p.breach
