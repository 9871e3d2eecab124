-- finding: without_consent
-- title: Data sent about people without their consent
-- title.ko: 동의 없는 정보 제공
-- needs: account_breaches, shared_accounts
-- rule: Credit Information Act, Art. 32 and 33; Personal Information Protection Act, Art. 17, 18 and 28-8
-- reading: holders
-- range: person_key
--
-- One row for each person and kind of consent, with the number of records that were sent on days on which none was in force
-- for that recipient and purpose, and the first and the last of these days. The kinds are third_party, needed for every
-- record, and overseas, needed for records to a recipient in a country other than the home country. The finding states the
-- fact; whether something else stood in for consent is to be judged under the articles named.
WITH people AS (
    -- An account that is not shared is its person's only one, and has the same key.
    SELECT
        b.account_key AS person_key,
        b.overseas_records,
        b.overseas_first,
        b.overseas_last,
        b.third_party_records,
        b.third_party_first,
        b.third_party_last
    FROM account_breaches b
    LEFT JOIN shared_accounts s ON s.account_key = b.account_key
    WHERE s.account_key IS NULL
    UNION ALL
    SELECT
        s.person_key,
        CAST(sum(b.overseas_records) AS BIGINT) AS overseas_records,
        min(b.overseas_first) AS overseas_first,
        max(b.overseas_last) AS overseas_last,
        CAST(sum(b.third_party_records) AS BIGINT) AS third_party_records,
        min(b.third_party_first) AS third_party_first,
        max(b.third_party_last) AS third_party_last
    FROM account_breaches b
    JOIN shared_accounts s ON s.account_key = b.account_key
    GROUP BY s.person_key
),
kinds AS (
    SELECT person_key, 0 AS no, overseas_records AS records, overseas_first AS first_date, overseas_last AS last_date FROM people
    UNION ALL
    SELECT person_key, 1 AS no, third_party_records AS records, third_party_first AS first_date, third_party_last AS last_date FROM people
)
SELECT person_key, CASE no WHEN 0 THEN 'overseas' ELSE 'third_party' END AS kind, records, first_date, last_date
FROM kinds
WHERE records > 0
ORDER BY person_key, no
