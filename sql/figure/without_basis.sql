-- figure: without_basis
-- title: Data sent without consent and without a contract that covers it
-- title.ko: 동의도 위탁계약도 없이 제공된 정보
-- unit: records, items and persons
-- needs: breach_totals, sent_days, contract_days, calendar, params
-- rule: Credit Information Act, Art. 17 and 32; Personal Information Protection Act, Art. 17 and 26
-- reading: outsourcing, holders
--
-- An item is one filled field of one record. It lacks a basis when, on the day on which it was sent, no consent to sharing
-- with that recipient for that purpose was in force and no contract stands in for it. By the reading "needs_consent" of
-- outsourcing, the regulator's, no contract does: the transfer needed consent. By the reading "exempt", the company's, an
-- outsourcing contract of that sender with that recipient for that purpose stands in for the fields that it names while it is
-- in force; a contract to provide data to a third party does not. A record lacks a basis when at least one of its items does,
-- and an empty record never; a person, when at least one record of theirs does. Records without an account have no consent,
-- and belong to no person.
WITH reading AS (
    SELECT CASE WHEN outsourcing = 'exempt' THEN 1 ELSE 0 END AS exempt FROM params
),
accounts AS (
    SELECT
        sum(CASE r.exempt WHEN 1 THEN b.uncovered_records ELSE b.filled_records END) AS records,
        sum(CASE r.exempt WHEN 1 THEN b.uncovered_items ELSE b.third_party_items END) AS items,
        sum(CASE r.exempt WHEN 1 THEN b.uncovered_persons ELSE b.filled_persons END) AS persons
    FROM breach_totals b
    CROSS JOIN reading r
),
nobodys AS (
    SELECT
        d.without_account AS records,
        CASE r.exempt
            WHEN 1 THEN popcount(d.fields - bitwise_and(d.fields, COALESCE(k.fields, 0)))
            ELSE popcount(d.fields)
        END AS items
    FROM sent_days d
    JOIN calendar c ON c.date = d.transfer_date
    LEFT JOIN contract_days k
        ON k.source = d.source AND COALESCE(k.recipient_key, -1) = COALESCE(d.recipient_key, -1)
        AND k.month = c.month AND bitwise_and(k.days, c.bit) <> 0
    CROSS JOIN reading r
    WHERE d.without_account > 0
),
nobody AS (
    SELECT sum(records) AS records, sum(records * items) AS items FROM nobodys WHERE items > 0
)
SELECT
    CAST(COALESCE(a.records, 0) + COALESCE(n.records, 0) AS BIGINT) AS records,
    CAST(COALESCE(a.items, 0) + COALESCE(n.items, 0) AS BIGINT) AS items,
    CAST(COALESCE(a.persons, 0) AS BIGINT) AS persons
FROM accounts a
CROSS JOIN nobody n
