-- figure: never_paid_overseas
-- title: People whose data was sent although they never paid overseas
-- title.ko: 해외결제를 한 적이 없는데도 정보가 제공된 사람 수
-- unit: persons and records
-- needs: payer_totals, params
-- reading: holders
--
-- Counts each person of whom at least one record was sent and who appears in no overseas payment of the delivered payment
-- tables, at any time. By the reading "settled" of overseas_payment only payments that were settled, or delivered without a
-- status, count as payments; by the reading "any" cancelled ones too. The first two numbers follow the reading of the case, the
-- other two the other one. A payment belongs to everyone who counts for its account. A record counts, once, when at least one
-- of those who count for its account never paid; so a joint account with several of them adds its records once. A person
-- unknown to the customer tables who never paid counts. Records without an account belong to nobody and do not count.
WITH never AS (
    SELECT
        COALESCE(sum(persons - persons_settled), 0) AS persons_settled,
        COALESCE(sum(persons - persons_any), 0) AS persons_any,
        COALESCE(sum(records - records_settled), 0) AS records_settled,
        COALESCE(sum(records - records_any), 0) AS records_any
    FROM payer_totals
),
reading AS (
    SELECT CASE WHEN overseas_payment = 'any' THEN 1 ELSE 0 END AS is_any FROM params
)
SELECT
    CAST(CASE WHEN r.is_any = 1 THEN n.persons_any ELSE n.persons_settled END AS BIGINT) AS persons,
    CAST(CASE WHEN r.is_any = 1 THEN n.records_any ELSE n.records_settled END AS BIGINT) AS records,
    CAST(CASE WHEN r.is_any = 1 THEN n.persons_settled ELSE n.persons_any END AS BIGINT) AS persons_other_reading,
    CAST(CASE WHEN r.is_any = 1 THEN n.records_settled ELSE n.records_any END AS BIGINT) AS records_other_reading
FROM never n
CROSS JOIN reading r
