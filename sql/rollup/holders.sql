-- rollup: holders
-- title: Who holds each account
-- title.ko: 계정별 명의자
-- needs: account_ids, customers
-- grain: one holder of one account
--
-- A person is a person_id of a customer table; the same person_id under several senders is the same person. A customer row
-- without person_id, and an account that no customer table knows, is a person of its own, by account. Persons are numbered
-- from 0 in the order of the smallest account_key that they hold in any capacity, then of person_id, a person without one
-- last. Who is given both as owner and as joint holder of an account is its owner; a row that does not say is an owner's.
WITH delivered AS (
    SELECT account_key, person_id, min(CASE WHEN holder = 'joint' THEN 1 ELSE 0 END) AS joint
    FROM customers
    WHERE account_key IS NOT NULL
    GROUP BY account_key, person_id
),
first_accounts AS (
    SELECT person_id, min(account_key) AS first_account
    FROM delivered
    WHERE person_id IS NOT NULL
    GROUP BY person_id
),
held AS (
    SELECT
        a.account_key,
        d.person_id,
        COALESCE(d.joint, 0) AS joint,
        COALESCE(f.first_account, a.account_key) AS first_account
    FROM account_ids a
    LEFT JOIN delivered d ON d.account_key = a.account_key
    LEFT JOIN first_accounts f ON f.person_id = d.person_id
),
ranked AS (
    -- Persons are ranked block by block of their first accounts, and the blocks are added up: one rank over tens of millions would
    -- have to be held in memory whole.
    SELECT
        account_key,
        joint,
        first_account - first_account % 65536 AS block,
        dense_rank() OVER (PARTITION BY first_account - first_account % 65536 ORDER BY first_account, person_id NULLS LAST) AS place
    FROM held
),
blocks AS (
    SELECT block, max(place) AS persons FROM ranked GROUP BY block
),
starts AS (
    SELECT block, sum(persons) OVER (ORDER BY block) - persons AS start FROM blocks
)
SELECT
    r.account_key,
    CAST(s.start + r.place - 1 AS INTEGER) AS person_key,
    CASE WHEN r.joint = 1 THEN 'joint' ELSE 'owner' END AS holder
FROM ranked r
JOIN starts s ON s.block = r.block
ORDER BY r.account_key, person_key
