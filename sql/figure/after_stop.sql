-- figure: after_stop
-- title: Data sent after the sender says it stopped
-- title.ko: 중단했다고 밝힌 날 이후의 정보 제공
-- unit: records, items, persons and days
-- needs: sent_days, late_records, shared_accounts, sources
-- rule: Personal Information Protection Act, Art. 17 and 18; Evidence: what the sender states is held against what it delivered
-- reading: holders
--
-- Counts the records of sources for which the case says when the sender stopped, with a date later than that day; records of the
-- day itself do not count. Days are those on which at least one such record was sent, each once. Items are the filled fields of
-- these records. Records without an account belong to no person.
WITH sent AS (
    SELECT d.transfer_date, d.records, d.records * popcount(d.fields) AS items
    FROM sent_days d
    JOIN sources s ON s.source = d.source
    WHERE d.transfer_date > s.stopped_on AND d.records > 0
),
totals AS (
    SELECT sum(records) AS records, sum(items) AS items, count(DISTINCT transfer_date) AS days FROM sent
),
people AS (
    SELECT COALESCE(s.person_key, a.account_key) AS person_key
    FROM late_records a
    LEFT JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY COALESCE(s.person_key, a.account_key)
),
persons AS (
    SELECT count(*) AS persons FROM people
)
SELECT
    CAST(COALESCE(t.records, 0) AS BIGINT) AS records,
    CAST(COALESCE(t.items, 0) AS BIGINT) AS items,
    CAST(p.persons AS BIGINT) AS persons,
    CAST(t.days AS BIGINT) AS days
FROM totals t
CROSS JOIN persons p
