-- rollup: recipient_places
-- title: Recipients by the number of their records
-- title.ko: 레코드 수에 따른 수신자 순위
-- needs: sent_days, flows
-- grain: one source and recipient to which at least one record was sent
--
-- The place of a recipient, a name in a country, among all: 1 got the most records, and by name where they got equally many. What
-- comes after the first 1,000 shares the place 1001. All sources of one recipient have the same place.
WITH numbered AS (
    SELECT
        source,
        recipient_key,
        dense_rank() OVER (ORDER BY recipient NULLS LAST, country NULLS LAST) AS no
    FROM flows
),
sent AS (
    SELECT n.no, sum(d.records) AS records
    FROM sent_days d
    JOIN numbered n ON n.source = d.source AND COALESCE(n.recipient_key, -1) = COALESCE(d.recipient_key, -1)
    GROUP BY n.no
),
ranked AS (
    SELECT no, least(row_number() OVER (ORDER BY records DESC, no), 1001) AS place FROM sent
)
SELECT n.source, n.recipient_key, CAST(r.place AS INTEGER) AS place
FROM numbered n
JOIN ranked r ON r.no = n.no
ORDER BY n.source, n.recipient_key NULLS LAST
