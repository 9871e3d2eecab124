-- figure: without_consent
-- title: Data sent without consent
-- title.ko: 동의 없이 제공된 정보
-- unit: records, items and persons
-- needs: breach_totals, sent_days, flows
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
WITH accounts AS (
    SELECT
        sum(third_party_records) AS third_party_records,
        sum(third_party_items) AS third_party_items,
        sum(third_party_persons) AS third_party_persons,
        sum(overseas_records) AS overseas_records,
        sum(overseas_items) AS overseas_items,
        sum(overseas_persons) AS overseas_persons
    FROM breach_totals
),
nobodys AS (
    SELECT f.abroad, d.without_account AS records, d.without_account * popcount(d.fields) AS items
    FROM sent_days d
    JOIN flows f ON f.source = d.source AND COALESCE(f.recipient_key, -1) = COALESCE(d.recipient_key, -1)
    WHERE d.without_account > 0
),
nobody AS (
    SELECT
        sum(records) AS third_party_records,
        sum(items) AS third_party_items,
        sum(records) FILTER (WHERE abroad) AS overseas_records,
        sum(items) FILTER (WHERE abroad) AS overseas_items
    FROM nobodys
)
SELECT
    CAST(COALESCE(a.third_party_records, 0) + COALESCE(n.third_party_records, 0) AS BIGINT) AS third_party_records,
    CAST(COALESCE(a.third_party_items, 0) + COALESCE(n.third_party_items, 0) AS BIGINT) AS third_party_items,
    CAST(COALESCE(a.third_party_persons, 0) AS BIGINT) AS third_party_persons,
    CAST(COALESCE(a.overseas_records, 0) + COALESCE(n.overseas_records, 0) AS BIGINT) AS overseas_records,
    CAST(COALESCE(a.overseas_items, 0) + COALESCE(n.overseas_items, 0) AS BIGINT) AS overseas_items,
    CAST(COALESCE(a.overseas_persons, 0) AS BIGINT) AS overseas_persons
FROM accounts a
CROSS JOIN nobody n
