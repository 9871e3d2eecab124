-- table: by_recipient
-- title: What each recipient got
-- title.ko: 수신자별 제공 내역
-- unit: records, items and persons
-- needs: sent_days, flows, recipient_places, group_persons
-- rule: Credit Information Act, Art. 32; Personal Information Protection Act, Art. 17
-- reading: holders
--
-- The 1,000 recipients that got the most records, by name where they got equally many, and one row "all others" for the rest,
-- where there are more. A recipient is a name in a country, whatever the number of senders and sources; a row without a name
-- has what was sent to nobody whom the records name. Each person counts once for a row.
WITH sent AS (
    SELECT
        p.place,
        f.recipient,
        f.country,
        d.records,
        d.records * popcount(d.fields) AS items,
        d.transfer_date
    FROM sent_days d
    JOIN flows f ON f.source = d.source AND COALESCE(f.recipient_key, -1) = COALESCE(d.recipient_key, -1)
    JOIN recipient_places p ON p.source = d.source AND COALESCE(p.recipient_key, -1) = COALESCE(d.recipient_key, -1)
),
places AS (
    SELECT
        place,
        CASE WHEN place = 1001 THEN 'all others' ELSE max(recipient) END AS recipient,
        CASE WHEN place < 1001 THEN max(country) END AS country,
        sum(records) AS records,
        sum(items) AS items,
        min(transfer_date) AS first_date,
        max(transfer_date) AS last_date
    FROM sent
    GROUP BY place
)
SELECT
    r.recipient,
    r.country,
    CAST(r.records AS BIGINT) AS records,
    CAST(r.items AS BIGINT) AS items,
    COALESCE(p.persons, 0) AS persons,
    r.first_date,
    r.last_date
FROM places r
LEFT JOIN group_persons p ON p.kind = 'recipient' AND p.no = r.place
ORDER BY r.place
