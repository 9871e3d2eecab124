-- rollup: payers
-- title: Accounts of people who paid overseas
-- title.ko: 해외결제 이용자의 계정
-- needs: subjects, first_payments
-- grain: one account and one person who counts for it and paid overseas, by either reading
--
-- The first payments of the person, whichever account they were made with. Few accounts have a row: what asks for payers alone
-- need not look at all subjects.
SELECT s.account_key, s.person_key, f.first_settled, f.first_any
FROM subjects s
JOIN first_payments f ON f.person_key = s.person_key
ORDER BY s.account_key, s.person_key
