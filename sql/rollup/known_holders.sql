-- rollup: known_holders
-- title: Holders that the customer tables name
-- title.ko: 고객 자료상의 명의자
-- needs: customers
-- grain: one person whom the customer tables name as holder of one account
--
-- A person is a person_id, the same under several senders; a row without one is a person of its own, by account. first_account is the
-- smallest account_key that the person holds in any capacity. It is the person's key as well; where several persons have the same first
-- account it is that of the first of them by person_id, a person without one last, and the others have keys from the largest INTEGER
-- downwards, in the order of their first accounts. Who is given both as owner and as joint holder of an account is its owner; a row
-- that does not say is an owner's. principal is the one of them who counts where the owner of an account counts: of its owners, or of
-- its joint holders where there is none, the person who comes first by first account and person_id. The table changes with the
-- customer tables alone, not with every new account.
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
    SELECT d.account_key, d.person_id, d.joint, COALESCE(f.first_account, d.account_key) AS first_account
    FROM delivered d
    LEFT JOIN first_accounts f ON f.person_id = d.person_id
),
several AS (
    -- Only persons who hold an account together can have the same first one.
    SELECT account_key FROM delivered GROUP BY account_key HAVING count(*) > 1
),
places AS (
    SELECT
        h.first_account,
        h.person_id,
        row_number() OVER (PARTITION BY h.first_account ORDER BY h.person_id NULLS LAST) AS place
    FROM held h
    JOIN several s ON s.account_key = h.first_account
    WHERE h.account_key = h.first_account
),
others AS (
    SELECT
        first_account,
        COALESCE(person_id, '') AS person_id,
        CASE WHEN person_id IS NULL THEN 1 ELSE 0 END AS nameless,
        place,
        row_number() OVER (ORDER BY first_account, place) AS no
    FROM places
    WHERE place > 1
),
numbered AS (
    SELECT h.account_key, h.first_account, h.joint, COALESCE(o.place, 1) AS place, COALESCE(2147483647 - o.no, h.first_account) AS person_key
    FROM held h
    LEFT JOIN others o
        ON o.first_account = h.first_account AND o.person_id = COALESCE(h.person_id, '')
        AND o.nameless = CASE WHEN h.person_id IS NULL THEN 1 ELSE 0 END
),
ranked AS (
    SELECT
        n.account_key,
        n.person_key,
        row_number() OVER (PARTITION BY n.account_key ORDER BY n.joint, n.first_account, n.place) AS place
    FROM numbered n
    JOIN several s ON s.account_key = n.account_key
)
SELECT
    n.account_key,
    CAST(n.person_key AS INTEGER) AS person_key,
    CAST(n.first_account AS INTEGER) AS first_account,
    CASE WHEN n.joint = 1 THEN 'joint' ELSE 'owner' END AS holder,
    COALESCE(r.place, 1) = 1 AS principal
FROM numbered n
LEFT JOIN ranked r ON r.account_key = n.account_key AND r.person_key = n.person_key
ORDER BY n.account_key, n.person_key
