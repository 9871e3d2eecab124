-- rollup: holders
-- title: Who holds each account
-- title.ko: 계정별 명의자
-- needs: account_ids, known_holders
-- grain: one holder of one account
-- range: account_key
--
-- A person is a person_id of a customer table; the same person_id under several senders is the same person. A customer row
-- without person_id, and an account that no customer table knows, is a person of its own, by account. The key of a person is the
-- smallest account_key that they hold in any capacity; where that is the first account of several persons, known_holders says who
-- has it, and the keys of the others. Who is given both as owner and as joint holder of an account is its owner; a row that does
-- not say is an owner's.
SELECT
    a.account_key,
    COALESCE(k.person_key, a.account_key) AS person_key,
    COALESCE(k.holder, 'owner') AS holder
FROM account_ids a
LEFT JOIN known_holders k ON k.account_key = a.account_key
ORDER BY a.account_key, person_key
