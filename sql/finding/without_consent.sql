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
WITH lacking AS (
    SELECT account_key, 0 AS no, overseas_records AS records, overseas_first AS first_date, overseas_last AS last_date
    FROM account_breaches
    WHERE overseas_records > 0
    UNION ALL
    SELECT account_key, 1 AS no, third_party_records AS records, third_party_first AS first_date, third_party_last AS last_date
    FROM account_breaches
    WHERE third_party_records > 0
),
people AS (
    -- An account that is not shared is its person's only one, and has the same key.
    SELECT l.account_key AS person_key, l.no, l.records, l.first_date, l.last_date
    FROM lacking l
    WHERE NOT EXISTS (SELECT 1 FROM shared_accounts s WHERE s.account_key = l.account_key)
    UNION ALL
    SELECT
        s.person_key,
        l.no,
        CAST(sum(l.records) AS BIGINT) AS records,
        min(l.first_date) AS first_date,
        max(l.last_date) AS last_date
    FROM lacking l
    JOIN shared_accounts s ON s.account_key = l.account_key
    GROUP BY s.person_key, l.no
)
-- By person and kind, as one number: that is sorted faster.
SELECT person_key, CASE no WHEN 0 THEN 'overseas' ELSE 'third_party' END AS kind, records, first_date, last_date
FROM people
ORDER BY CAST(person_key AS BIGINT) * 2 + no
