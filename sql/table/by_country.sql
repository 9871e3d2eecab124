-- table: by_country
-- title: What was sent to each country
-- title.ko: 국가별 제공 내역
-- unit: records, items and persons
-- needs: sent_days, flows, account_flows, shared_accounts
-- rule: Personal Information Protection Act, Art. 28-8
-- reading: holders
--
-- The country is that of the recipient, as delivered or as the case states it; a row without a country has what was sent to
-- recipients whose country nobody states. Each person counts once for a country.
WITH numbered AS (
    SELECT source, COALESCE(recipient_key, -1) AS recipient, country, dense_rank() OVER (ORDER BY country NULLS LAST) AS no
    FROM flows
),
sent AS (
    SELECT n.no, n.country, sum(d.records) AS records, sum(d.records * popcount(d.fields)) AS items
    FROM sent_days d
    JOIN numbered n ON n.source = d.source AND n.recipient = COALESCE(d.recipient_key, -1)
    GROUP BY n.no, n.country
),
people AS (
    SELECT n.no, COALESCE(s.person_key, a.account_key) AS person_key
    FROM account_flows a
    JOIN numbered n ON n.source = a.source AND n.recipient = COALESCE(a.recipient_key, -1)
    LEFT JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY n.no, COALESCE(s.person_key, a.account_key)
),
persons AS (
    SELECT no, count(*) AS persons FROM people GROUP BY no
)
SELECT
    t.country,
    CAST(t.records AS BIGINT) AS records,
    CAST(t.items AS BIGINT) AS items,
    CAST(COALESCE(p.persons, 0) AS BIGINT) AS persons
FROM sent t
LEFT JOIN persons p ON p.no = t.no
ORDER BY t.country NULLS LAST
