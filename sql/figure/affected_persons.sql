-- figure: affected_persons
-- title: People whose data was sent
-- title.ko: 정보가 제공된 사람 수
-- unit: persons
-- needs: person_totals
-- reading: holders
--
-- Counts each person of whom at least one record was sent, once, however often and under however many accounts. Dormant and
-- former customers count. A person is a person_id of the customer tables, the same under every sender; a customer without
-- person_id is a person by account. An account that no customer table knows is a person of its own: it is counted, and
-- reported again as unknown, with its records. Records without an account belong to no person. By the reading "owner" a joint
-- account is about its owner; by the reading "all" about every holder.
SELECT
    CAST(count(*) AS BIGINT) AS affected_persons,
    CAST(count(*) FILTER (WHERE NOT COALESCE(known, FALSE)) AS BIGINT) AS unknown_persons,
    CAST(COALESCE(sum(records) FILTER (WHERE NOT COALESCE(known, FALSE)), 0) AS BIGINT) AS unknown_records
FROM person_totals
