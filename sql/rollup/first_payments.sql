-- rollup: first_payments
-- title: When each person first paid overseas
-- title.ko: 정보주체별 최초 해외결제일
-- needs: overseas_payments, shared_accounts
-- grain: one person who paid overseas, by either reading
--
-- A payment belongs to everyone who counts for the account that it was made with. By the reading "settled" it is a payment
-- when its status is settled or none was delivered; by the reading "any", whatever its status. Payments without a date count
-- in neither; the check undated_payments tells of them.
WITH paid AS (
    SELECT
        account_key,
        min(paid_on) FILTER (WHERE COALESCE(status, 'settled') = 'settled') AS first_settled,
        min(paid_on) AS first_any
    FROM overseas_payments
    WHERE account_key IS NOT NULL AND paid_on IS NOT NULL
    GROUP BY account_key
)
SELECT
    COALESCE(s.person_key, p.account_key) AS person_key,
    min(p.first_settled) AS first_settled,
    min(p.first_any) AS first_any
FROM paid p
LEFT JOIN shared_accounts s ON s.account_key = p.account_key
GROUP BY COALESCE(s.person_key, p.account_key)
ORDER BY person_key
