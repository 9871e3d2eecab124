-- table: by_recipient
-- title: What each recipient got
-- title.ko: 수신자별 제공 내역
-- unit: records, items and persons
-- needs: sent_days, flows, account_flows, shared_accounts
-- rule: Credit Information Act, Art. 32; Personal Information Protection Act, Art. 17
-- reading: holders
--
-- The 1,000 recipients that got the most records, by name where they got equally many, and one row "all others" for the rest,
-- where there are more. A recipient is a name in a country, whatever the number of senders and sources; a row without a name
-- has what was sent to nobody whom the records name. Each person counts once for a row.
WITH numbered AS (
    SELECT
        source,
        COALESCE(recipient_key, -1) AS recipient_key,
        recipient,
        country,
        dense_rank() OVER (ORDER BY recipient NULLS LAST, country NULLS LAST) AS no
    FROM flows
),
sent AS (
    SELECT
        n.no,
        n.recipient,
        n.country,
        sum(d.records) AS records,
        sum(d.records * popcount(d.fields)) AS items,
        min(d.transfer_date) AS first_date,
        max(d.transfer_date) AS last_date
    FROM sent_days d
    JOIN numbered n ON n.source = d.source AND n.recipient_key = COALESCE(d.recipient_key, -1)
    GROUP BY n.no, n.recipient, n.country
),
ranked AS (
    SELECT
        no,
        recipient,
        country,
        records,
        items,
        first_date,
        last_date,
        least(row_number() OVER (ORDER BY records DESC, no), 1001) AS place
    FROM sent
),
places AS (
    SELECT
        place,
        CASE WHEN place = 1001 THEN 'all others' ELSE max(recipient) END AS recipient,
        CASE WHEN place < 1001 THEN max(country) END AS country,
        sum(records) AS records,
        sum(items) AS items,
        min(first_date) AS first_date,
        max(last_date) AS last_date
    FROM ranked
    GROUP BY place
),
flow_places AS (
    SELECT n.source, n.recipient_key, r.place
    FROM numbered n
    JOIN ranked r ON r.no = n.no
),
people AS (
    SELECT f.place, COALESCE(s.person_key, a.account_key) AS person_key
    FROM account_flows a
    JOIN flow_places f ON f.source = a.source AND f.recipient_key = COALESCE(a.recipient_key, -1)
    LEFT JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY f.place, COALESCE(s.person_key, a.account_key)
),
persons AS (
    SELECT place, count(*) AS persons FROM people GROUP BY place
)
SELECT
    r.recipient,
    r.country,
    CAST(r.records AS BIGINT) AS records,
    CAST(r.items AS BIGINT) AS items,
    CAST(COALESCE(p.persons, 0) AS BIGINT) AS persons,
    r.first_date,
    r.last_date
FROM places r
LEFT JOIN persons p ON p.place = r.place
ORDER BY r.place
