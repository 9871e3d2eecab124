-- table: by_sender
-- title: What each sender sent
-- title.ko: 송신자별 제공 내역
-- unit: records, items and persons
-- needs: sent_days, sources, person_sources
-- reading: holders
--
-- Records and items with and without an account; each person counts once for a sender, whatever the number of accounts and
-- sources, and again for another sender. First and last date are days with at least one record. Senders who sent nothing are
-- left out.
WITH sent AS (
    SELECT
        s.sender,
        sum(d.records) AS records,
        sum(d.records * popcount(d.fields)) AS items,
        min(d.transfer_date) AS first_date,
        max(d.transfer_date) AS last_date
    FROM sent_days d
    JOIN sources s ON s.source = d.source
    GROUP BY s.sender
),
numbered AS (
    SELECT source, dense_rank() OVER (ORDER BY sender) AS no, sender FROM sources
),
people AS (
    SELECT n.no, p.person_key
    FROM person_sources p
    JOIN numbered n ON n.source = p.source
    GROUP BY n.no, p.person_key
),
persons AS (
    SELECT no, count(*) AS persons FROM people GROUP BY no
),
senders AS (
    SELECT no, sender FROM numbered GROUP BY no, sender
)
SELECT
    t.sender,
    CAST(t.records AS BIGINT) AS records,
    CAST(t.items AS BIGINT) AS items,
    CAST(COALESCE(p.persons, 0) AS BIGINT) AS persons,
    t.first_date,
    t.last_date
FROM sent t
JOIN senders s ON s.sender = t.sender
LEFT JOIN persons p ON p.no = s.no
ORDER BY t.sender
