-- finding: without_consent
-- title: Data sent about people without their consent
-- title.ko: 동의 없는 정보 제공
-- needs: account_breaches, shared_accounts
-- rule: Credit Information Act, Art. 32 and 33; Personal Information Protection Act, Art. 17, 18 and 28-8
-- reading: holders
--
-- One row for each person and kind of consent, with the number of records that were sent on days on which none was in force
-- for that recipient and purpose, and the first and the last of these days. The kinds are third_party, needed for every
-- record, and overseas, needed for records to a recipient in a country other than the home country. The finding states the
-- fact; whether something else stood in for consent is to be judged under the articles named.
WITH people AS (
    SELECT
        COALESCE(s.person_key, b.account_key) AS person_key,
        sum(b.records) FILTER (WHERE b.overseas) AS overseas_records,
        min(b.first_date) FILTER (WHERE b.overseas) AS overseas_first,
        max(b.last_date) FILTER (WHERE b.overseas) AS overseas_last,
        sum(b.records) FILTER (WHERE b.third_party) AS third_party_records,
        min(b.first_date) FILTER (WHERE b.third_party) AS third_party_first,
        max(b.last_date) FILTER (WHERE b.third_party) AS third_party_last
    FROM account_breaches b
    LEFT JOIN shared_accounts s ON s.account_key = b.account_key
    GROUP BY COALESCE(s.person_key, b.account_key)
),
kinds AS (
    SELECT no, kind FROM (VALUES (1, 'overseas'), (2, 'third_party')) AS k (no, kind)
)
SELECT
    p.person_key,
    k.kind,
    CAST(CASE k.no WHEN 1 THEN p.overseas_records ELSE p.third_party_records END AS BIGINT) AS records,
    CASE k.no WHEN 1 THEN p.overseas_first ELSE p.third_party_first END AS first_date,
    CASE k.no WHEN 1 THEN p.overseas_last ELSE p.third_party_last END AS last_date
FROM people p
CROSS JOIN kinds k
WHERE CASE k.no WHEN 1 THEN p.overseas_records ELSE p.third_party_records END > 0
ORDER BY p.person_key, k.no
