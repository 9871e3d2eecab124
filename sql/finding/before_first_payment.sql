-- finding: before_first_payment
-- title: Data sent about people before they first paid overseas
-- title.ko: 최초 해외결제 이전의 정보 제공
-- needs: early_records, params
-- rule: Personal Information Protection Act, Art. 17 and 28-8; Credit Information Act, Art. 32
-- reading: holders, overseas_payment
-- range: person_key
--
-- One row for each person who did pay overseas at some time and of whom at least one record was sent on a day earlier than the
-- day of the first payment. Records, first and last date are those of the records before that day; the day of the payment
-- itself is not before it. By the reading "settled" only payments that were settled, or delivered without a status, count as
-- payments; by the reading "any" cancelled ones too.
SELECT
    e.person_key,
    CAST(sum(e.records) AS BIGINT) AS records,
    min(e.first_date) AS first_date,
    max(e.last_date) AS last_date
FROM early_records e
JOIN params p ON p.overseas_payment = e.reading
GROUP BY e.person_key
ORDER BY e.person_key
