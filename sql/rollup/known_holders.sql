-- rollup: known_holders
-- title: Holders that the customer tables name
-- title.ko: 고객 자료상의 명의자
-- needs: customers
-- grain: one person whom the customer tables name as holder of one account
--
-- A person is a person_id, the same under several senders; a row without one is a person of its own, by account. first_account is the
-- smallest account_key that the person holds in any capacity, and place orders the persons of the same first_account, from 1, by
-- person_id, a person without one last. Who is given both as owner and as joint holder of an account is its owner; a row that does not
-- say is an owner's. It changes with the customer tables alone, not with every new account.
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
)
SELECT
    account_key,
    CAST(first_account AS INTEGER) AS first_account,
    CAST(dense_rank() OVER (PARTITION BY first_account ORDER BY person_id NULLS LAST) AS INTEGER) AS place,
    CASE WHEN joint = 1 THEN 'joint' ELSE 'owner' END AS holder
FROM held
ORDER BY account_key, first_account, place
