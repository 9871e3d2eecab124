-- rollup: payers
-- title: Accounts of people who paid overseas
-- title.ko: 해외결제 이용자의 계정
-- needs: shared_accounts, first_payments
-- grain: one account and one person who counts for it and paid overseas, by either reading
--
-- The first payments of the person, whichever account they were made with. Few accounts have a row: what asks for payers alone
-- need not look at all accounts.
WITH paying AS (
    SELECT s.account_key, s.person_key, f.first_settled, f.first_any
    FROM shared_accounts s
    JOIN first_payments f ON f.person_key = s.person_key
    UNION ALL
    -- Everyone else has one account, of the same key.
    SELECT f.person_key AS account_key, f.person_key, f.first_settled, f.first_any
    FROM first_payments f
    WHERE NOT EXISTS (SELECT 1 FROM shared_accounts s WHERE s.person_key = f.person_key)
)
SELECT account_key, person_key, first_settled, first_any
FROM paying
ORDER BY account_key, person_key
