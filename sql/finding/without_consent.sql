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
        0 AS no,
        b.overseas_records AS records,
        b.overseas_first AS first_date,
        b.overseas_last AS last_date
    FROM account_breaches b
    LEFT JOIN shared_accounts s ON s.account_key = b.account_key
    WHERE b.overseas_records > 0 AND s.account_key IS NULL
    UNION ALL
    SELECT
        b.account_key AS person_key,
        1 AS no,
        b.third_party_records AS records,
        b.third_party_first AS first_date,
        b.third_party_last AS last_date
    FROM account_breaches b
    LEFT JOIN shared_accounts s ON s.account_key = b.account_key
    WHERE b.third_party_records > 0 AND s.account_key IS NULL
    UNION ALL
    SELECT
        s.person_key,
        0 AS no,
        CAST(sum(b.overseas_records) AS BIGINT) AS records,
        min(b.overseas_first) AS first_date,
        max(b.overseas_last) AS last_date
    FROM account_breaches b
    JOIN shared_accounts s ON s.account_key = b.account_key
    WHERE b.overseas_records > 0
    GROUP BY s.person_key
    UNION ALL
    SELECT
        s.person_key,
        1 AS no,
        CAST(sum(b.third_party_records) AS BIGINT) AS records,
        min(b.third_party_first) AS first_date,
        max(b.third_party_last) AS last_date
    FROM account_breaches b
    JOIN shared_accounts s ON s.account_key = b.account_key
    WHERE b.third_party_records > 0
    GROUP BY s.person_key
)
SELECT person_key, CASE no WHEN 0 THEN 'overseas' ELSE 'third_party' END AS kind, records, first_date, last_date
FROM people
ORDER BY person_key, no
