-- rollup: breach_totals
-- title: What was sent without consent, in all
-- title.ko: 동의 없이 제공된 내역 합계
-- needs: account_breaches, shared_accounts
-- grain: one row
--
-- The records on accounts that stand in account_breaches, by what was lacking: third_party, overseas, filled and uncovered. Persons
-- are those who count for one of these accounts, each once. The items of filled are those of third_party.
WITH accounts AS (
    SELECT
        sum(third_party_records) AS third_party_records,
        sum(third_party_items) AS third_party_items,
        count(*) FILTER (WHERE third_party_records > 0) AS third_party_accounts,
        sum(overseas_records) AS overseas_records,
        sum(overseas_items) AS overseas_items,
        count(*) FILTER (WHERE overseas_records > 0) AS overseas_accounts,
        sum(filled_records) AS filled_records,
        count(*) FILTER (WHERE filled_records > 0) AS filled_accounts,
        sum(uncovered_records) AS uncovered_records,
        sum(uncovered_items) AS uncovered_items,
        count(*) FILTER (WHERE uncovered_records > 0) AS uncovered_accounts
    FROM account_breaches
),
sent AS (
    SELECT
        s.account_key,
        s.person_key,
        CASE WHEN b.third_party_records > 0 THEN 1 ELSE 0 END AS third_party,
        CASE WHEN b.overseas_records > 0 THEN 1 ELSE 0 END AS overseas,
        CASE WHEN b.filled_records > 0 THEN 1 ELSE 0 END AS filled,
        CASE WHEN b.uncovered_records > 0 THEN 1 ELSE 0 END AS uncovered
    FROM shared_accounts s
    JOIN account_breaches b ON b.account_key = s.account_key
),
persons AS (
    SELECT sum(third_party) AS third_party, sum(overseas) AS overseas, sum(filled) AS filled, sum(uncovered) AS uncovered
    FROM (
        SELECT
            person_key,
            max(third_party) AS third_party,
            max(overseas) AS overseas,
            max(filled) AS filled,
            max(uncovered) AS uncovered
        FROM sent
        GROUP BY person_key
    ) p
),
shared AS (
    SELECT sum(third_party) AS third_party, sum(overseas) AS overseas, sum(filled) AS filled, sum(uncovered) AS uncovered
    FROM (
        SELECT
            account_key,
            max(third_party) AS third_party,
            max(overseas) AS overseas,
            max(filled) AS filled,
            max(uncovered) AS uncovered
        FROM sent
        GROUP BY account_key
    ) a
)
-- An account that is not shared is its person's only one: persons are the accounts, and for those that are shared their persons instead.
SELECT
    CAST(COALESCE(a.third_party_records, 0) AS BIGINT) AS third_party_records,
    CAST(COALESCE(a.third_party_items, 0) AS BIGINT) AS third_party_items,
    CAST(a.third_party_accounts - COALESCE(s.third_party, 0) + COALESCE(p.third_party, 0) AS BIGINT) AS third_party_persons,
    CAST(COALESCE(a.overseas_records, 0) AS BIGINT) AS overseas_records,
    CAST(COALESCE(a.overseas_items, 0) AS BIGINT) AS overseas_items,
    CAST(a.overseas_accounts - COALESCE(s.overseas, 0) + COALESCE(p.overseas, 0) AS BIGINT) AS overseas_persons,
    CAST(COALESCE(a.filled_records, 0) AS BIGINT) AS filled_records,
    CAST(a.filled_accounts - COALESCE(s.filled, 0) + COALESCE(p.filled, 0) AS BIGINT) AS filled_persons,
    CAST(COALESCE(a.uncovered_records, 0) AS BIGINT) AS uncovered_records,
    CAST(COALESCE(a.uncovered_items, 0) AS BIGINT) AS uncovered_items,
    CAST(a.uncovered_accounts - COALESCE(s.uncovered, 0) + COALESCE(p.uncovered, 0) AS BIGINT) AS uncovered_persons
FROM accounts a
CROSS JOIN shared s
CROSS JOIN persons p
ORDER BY third_party_records
