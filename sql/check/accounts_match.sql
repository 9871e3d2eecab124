-- check: accounts_match
-- title: Accounts of transfers, customers, payments and consents match
-- title.ko: 제공·고객·결제·동의 자료의 계정 일치
-- needs: account_totals, account_ids, known_holders, overseas_payments, consents
-- severity: stop
-- rule: Evidence: tables that are joined by account write the account alike, or every conclusion from the join is void
--
-- Lists, for each sender, pairs of transfers, customers, payments and consents that both have accounts and none in common. That
-- happens when two tables write the same account in two ways, such as 17850 and 17850.0, and would make everyone unknown, or
-- make it seem that nobody ever paid or consented. Consents are held against transfers and customers alone.
WITH in_transfers AS (
    SELECT account_key FROM account_totals
),
in_customers AS (
    -- Each account that a customer table names has one principal holder.
    SELECT account_key FROM known_holders WHERE principal
),
in_payments AS (
    SELECT account_key FROM overseas_payments WHERE account_key IS NOT NULL GROUP BY account_key
),
in_consents AS (
    SELECT account_key FROM consents WHERE account_key IS NOT NULL GROUP BY account_key
),
senders AS (
    SELECT
        a.sender,
        count(t.account_key) AS transfers,
        count(c.account_key) AS customers,
        count(p.account_key) AS payments,
        count(o.account_key) AS consents,
        count(*) FILTER (WHERE t.account_key IS NOT NULL AND c.account_key IS NOT NULL) AS transfers_customers,
        count(*) FILTER (WHERE t.account_key IS NOT NULL AND p.account_key IS NOT NULL) AS transfers_payments,
        count(*) FILTER (WHERE c.account_key IS NOT NULL AND p.account_key IS NOT NULL) AS customers_payments,
        count(*) FILTER (WHERE t.account_key IS NOT NULL AND o.account_key IS NOT NULL) AS transfers_consents,
        count(*) FILTER (WHERE c.account_key IS NOT NULL AND o.account_key IS NOT NULL) AS customers_consents
    FROM account_ids a
    LEFT JOIN in_transfers t ON t.account_key = a.account_key
    LEFT JOIN in_customers c ON c.account_key = a.account_key
    LEFT JOIN in_payments p ON p.account_key = a.account_key
    LEFT JOIN in_consents o ON o.account_key = a.account_key
    GROUP BY a.sender
),
pairs AS (
    SELECT sender, 'transfers' AS one, 'customers' AS other, transfers AS accounts_one, customers AS accounts_other
    FROM senders
    WHERE transfers > 0 AND customers > 0 AND transfers_customers = 0
    UNION ALL
    SELECT sender, 'transfers' AS one, 'overseas_payments' AS other, transfers AS accounts_one, payments AS accounts_other
    FROM senders
    WHERE transfers > 0 AND payments > 0 AND transfers_payments = 0
    UNION ALL
    SELECT sender, 'customers' AS one, 'overseas_payments' AS other, customers AS accounts_one, payments AS accounts_other
    FROM senders
    WHERE customers > 0 AND payments > 0 AND customers_payments = 0
    UNION ALL
    SELECT sender, 'transfers' AS one, 'consents' AS other, transfers AS accounts_one, consents AS accounts_other
    FROM senders
    WHERE transfers > 0 AND consents > 0 AND transfers_consents = 0
    UNION ALL
    SELECT sender, 'customers' AS one, 'consents' AS other, customers AS accounts_one, consents AS accounts_other
    FROM senders
    WHERE customers > 0 AND consents > 0 AND customers_consents = 0
)
SELECT sender, one, other, CAST(accounts_one AS BIGINT) AS accounts_one, CAST(accounts_other AS BIGINT) AS accounts_other
FROM pairs
ORDER BY sender, one, other
