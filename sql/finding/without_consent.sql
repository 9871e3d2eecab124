-- finding: without_consent
-- title: Data sent about people without their consent
-- title.ko: 동의 없는 정보 제공
-- needs: account_breaches, subjects
-- rule: Credit Information Act, Art. 32 and 33; Personal Information Protection Act, Art. 17, 18 and 28-8
-- reading: holders
--
-- One row for each person and kind of consent, with the number of records that were sent on days on which none was in force
-- for that recipient and purpose, and the first and the last of these days. The kinds are third_party, needed for every
-- record, and overseas, needed for records to a recipient in a country other than the home country. The finding states the
-- fact; whether something else stood in for consent is to be judged under the articles named.
WITH lacking AS (
    SELECT account_key, 'third_party' AS kind, records, first_date, last_date FROM account_breaches WHERE third_party
    UNION ALL
    SELECT account_key, 'overseas' AS kind, records, first_date, last_date FROM account_breaches WHERE overseas
)
SELECT
    s.person_key,
    b.kind,
    CAST(sum(b.records) AS BIGINT) AS records,
    min(b.first_date) AS first_date,
    max(b.last_date) AS last_date
FROM lacking b
JOIN subjects s ON s.account_key = b.account_key
GROUP BY s.person_key, b.kind
ORDER BY s.person_key, b.kind
