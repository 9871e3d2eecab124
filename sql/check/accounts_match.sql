-- check: accounts_match
-- title: Accounts of transfers, customers, payments and consents match
-- title.ko: 제공·고객·결제·동의 자료의 계정 일치
-- needs: sender_accounts
-- severity: stop
-- rule: Evidence: tables that are joined by account write the account alike, or every conclusion from the join is void
--
-- Lists, for each sender, pairs of transfers, customers, payments and consents that both have accounts and none in common. That
-- happens when two tables write the same account in two ways, such as 17850 and 17850.0, and would make everyone unknown, or
-- make it seem that nobody ever paid or consented. Consents are held against transfers and customers alone.
WITH pairs AS (
    SELECT sender, 'transfers' AS one, 'customers' AS other, transfers AS accounts_one, customers AS accounts_other
    FROM sender_accounts
    WHERE transfers > 0 AND customers > 0 AND transfers_customers = 0
    UNION ALL
    SELECT sender, 'transfers' AS one, 'overseas_payments' AS other, transfers AS accounts_one, payments AS accounts_other
    FROM sender_accounts
    WHERE transfers > 0 AND payments > 0 AND transfers_payments = 0
    UNION ALL
    SELECT sender, 'customers' AS one, 'overseas_payments' AS other, customers AS accounts_one, payments AS accounts_other
    FROM sender_accounts
    WHERE customers > 0 AND payments > 0 AND customers_payments = 0
    UNION ALL
    SELECT sender, 'transfers' AS one, 'consents' AS other, transfers AS accounts_one, consents AS accounts_other
    FROM sender_accounts
    WHERE transfers > 0 AND consents > 0 AND transfers_consents = 0
    UNION ALL
    SELECT sender, 'customers' AS one, 'consents' AS other, customers AS accounts_one, consents AS accounts_other
    FROM sender_accounts
    WHERE customers > 0 AND consents > 0 AND customers_consents = 0
)
SELECT sender, one, other, CAST(accounts_one AS BIGINT) AS accounts_one, CAST(accounts_other AS BIGINT) AS accounts_other
FROM pairs
ORDER BY sender, one, other
