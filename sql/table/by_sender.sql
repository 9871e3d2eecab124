-- table: by_sender
-- title: What each sender sent
-- title.ko: 송신자별 제공 내역
-- unit: records, items and persons
-- needs: sent_days, sources, group_persons
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
)
SELECT
    t.sender,
    CAST(t.records AS BIGINT) AS records,
    CAST(t.items AS BIGINT) AS items,
    COALESCE(p.persons, 0) AS persons,
    t.first_date,
    t.last_date
FROM sent t
LEFT JOIN group_persons p ON p.kind = 'sender' AND p.name = t.sender
ORDER BY t.sender
