-- rollup: sender_accounts
-- title: In which tables the accounts of each sender stand
-- title.ko: 송신자별 자료 간 계정 일치 수
-- needs: account_totals, account_senders, known_holders, overseas_payments, consents
-- grain: one sender with at least one account
--
-- How many accounts stand in transfers, customers, overseas payments and consents, and how many in two of them. The sender is that of
-- the account.
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
)
SELECT
    a.sender,
    CAST(count(t.account_key) AS BIGINT) AS transfers,
    CAST(count(c.account_key) AS BIGINT) AS customers,
    CAST(count(p.account_key) AS BIGINT) AS payments,
    CAST(count(o.account_key) AS BIGINT) AS consents,
    CAST(count(*) FILTER (WHERE t.account_key IS NOT NULL AND c.account_key IS NOT NULL) AS BIGINT) AS transfers_customers,
    CAST(count(*) FILTER (WHERE t.account_key IS NOT NULL AND p.account_key IS NOT NULL) AS BIGINT) AS transfers_payments,
    CAST(count(*) FILTER (WHERE c.account_key IS NOT NULL AND p.account_key IS NOT NULL) AS BIGINT) AS customers_payments,
    CAST(count(*) FILTER (WHERE t.account_key IS NOT NULL AND o.account_key IS NOT NULL) AS BIGINT) AS transfers_consents,
    CAST(count(*) FILTER (WHERE c.account_key IS NOT NULL AND o.account_key IS NOT NULL) AS BIGINT) AS customers_consents
FROM account_senders a
LEFT JOIN in_transfers t ON t.account_key = a.account_key
LEFT JOIN in_customers c ON c.account_key = a.account_key
LEFT JOIN in_payments p ON p.account_key = a.account_key
LEFT JOIN in_consents o ON o.account_key = a.account_key
GROUP BY a.sender
ORDER BY a.sender
