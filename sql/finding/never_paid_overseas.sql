-- finding: never_paid_overseas
-- title: Data sent about people who never paid overseas
-- title.ko: 해외결제를 한 적이 없는 사람의 정보 제공
-- needs: person_totals, first_payments, params
-- rule: Personal Information Protection Act, Art. 17 and 28-8; Credit Information Act, Art. 32
-- reading: holders, overseas_payment
-- range: person_key
--
-- One row for each person of whom at least one record was sent and who appears in no overseas payment of the delivered payment
-- tables, at any time. The finding states this fact; whether sharing and transfer abroad had a basis in law all the same, such as
-- consent, is to be judged under the articles named. By the reading "settled" of overseas_payment only payments that were
-- settled, or delivered without a status, count as payments; by the reading "any" cancelled ones too. Records are all that were
-- sent about the person.
WITH paying AS (
    SELECT f.person_key
    FROM first_payments f
    CROSS JOIN params p
    WHERE CASE WHEN p.overseas_payment = 'any' THEN f.first_any ELSE f.first_settled END IS NOT NULL
)
SELECT t.person_key, t.records, t.first_date, t.last_date
FROM person_totals t
LEFT JOIN paying f ON f.person_key = t.person_key
WHERE f.person_key IS NULL
ORDER BY t.person_key
