-- rollup: holders
-- title: Who holds each account
-- title.ko: 계정별 명의자
-- needs: account_ids, known_holders
-- grain: one holder of one account
--
-- A person is a person_id of a customer table; the same person_id under several senders is the same person. A customer row
-- without person_id, and an account that no customer table knows, is a person of its own, by account. Persons are numbered
-- from 0 in the order of the smallest account_key that they hold in any capacity, then of person_id, a person without one
-- last. Who is given both as owner and as joint holder of an account is its owner; a row that does not say is an owner's.
WITH held AS (
    -- An account that is not known has no holder but its own person.
    SELECT
        a.account_key,
        COALESCE(k.first_account, a.account_key) AS first_account,
        COALESCE(k.place, 1) AS place,
        COALESCE(k.holder, 'owner') AS holder
    FROM account_ids a
    LEFT JOIN known_holders k ON k.account_key = a.account_key
),
ranked AS (
    -- Persons are ranked block by block of their first accounts, and the blocks are added up: one rank over tens of millions would
    -- have to be held in memory whole.
    SELECT
        account_key,
        holder,
        first_account - first_account % 65536 AS block,
        dense_rank() OVER (PARTITION BY first_account - first_account % 65536 ORDER BY first_account, place) AS place
    FROM held
),
blocks AS (
    SELECT block, max(place) AS persons FROM ranked GROUP BY block
),
starts AS (
    SELECT block, sum(persons) OVER (ORDER BY block) - persons AS start FROM blocks
)
SELECT r.account_key, CAST(s.start + r.place - 1 AS INTEGER) AS person_key, r.holder
FROM ranked r
JOIN starts s ON s.block = r.block
ORDER BY r.account_key, person_key
