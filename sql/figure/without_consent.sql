-- figure: without_consent
-- title: Data sent without consent
-- title.ko: 동의 없이 제공된 정보
-- unit: records, items and persons
-- needs: account_breaches, shared_accounts, sent_days, flows
-- rule: Credit Information Act, Art. 32 and 33; Personal Information Protection Act, Art. 17, 18 and 28-8
-- reading: holders
--
-- Counts what was sent on a day on which no consent was in force for that recipient and that purpose: of consents to sharing
-- with a third party for every record (third_party), of consents to transfer abroad for records to recipients in a country
-- other than the home country of the case (overseas). A consent is in force from the day on which it was given up to, not
-- including, its last day; several at once count once, and one given later does not heal earlier days. A consent that names no
-- recipient or no purpose, or * for it, covers all. For a joint account the consent of the account counts. Items are the
-- filled fields of these records. Records without an account have no consent: they count in records and items, and in no
-- person. Whether a contract made consent unnecessary is the question of without_basis.
WITH people AS (
    SELECT
        COALESCE(s.person_key, b.account_key) AS person_key,
        max(CASE WHEN b.third_party THEN 1 ELSE 0 END) AS third_party,
        max(CASE WHEN b.overseas THEN 1 ELSE 0 END) AS overseas
    FROM account_breaches b
    LEFT JOIN shared_accounts s ON s.account_key = b.account_key
    GROUP BY COALESCE(s.person_key, b.account_key)
),
persons AS (
    SELECT
        count(*) FILTER (WHERE third_party = 1) AS third_party,
        count(*) FILTER (WHERE overseas = 1) AS overseas
    FROM people
),
sent AS (
    SELECT third_party, overseas, sum(records) AS records, sum(records * items) AS items
    FROM account_breaches
    GROUP BY third_party, overseas
    UNION ALL
    SELECT
        TRUE AS third_party,
        f.abroad AS overseas,
        sum(d.without_account) AS records,
        sum(d.without_account * popcount(d.fields)) AS items
    FROM sent_days d
    JOIN flows f ON f.source = d.source AND COALESCE(f.recipient_key, -1) = COALESCE(d.recipient_key, -1)
    GROUP BY f.abroad
),
totals AS (
    SELECT
        sum(records) FILTER (WHERE third_party) AS third_party_records,
        sum(items) FILTER (WHERE third_party) AS third_party_items,
        sum(records) FILTER (WHERE overseas) AS overseas_records,
        sum(items) FILTER (WHERE overseas) AS overseas_items
    FROM sent
)
SELECT
    CAST(COALESCE(t.third_party_records, 0) AS BIGINT) AS third_party_records,
    CAST(COALESCE(t.third_party_items, 0) AS BIGINT) AS third_party_items,
    CAST(p.third_party AS BIGINT) AS third_party_persons,
    CAST(COALESCE(t.overseas_records, 0) AS BIGINT) AS overseas_records,
    CAST(COALESCE(t.overseas_items, 0) AS BIGINT) AS overseas_items,
    CAST(p.overseas AS BIGINT) AS overseas_persons
FROM totals t
CROSS JOIN persons p
