-- Accounts are a bit for each key, 32 in a number: what stands in two tables is what two numbers have in common, and no table is joined
-- account by account.
WITH of_senders AS (
    SELECT sender, account_key // 32 AS block, bit_or(1::BIGINT << account_key % 32) AS bits
    FROM account_senders
    GROUP BY sender, block
),
in_transfers AS (
    SELECT account_key // 32 AS block, bit_or(1::BIGINT << account_key % 32) AS bits FROM account_totals GROUP BY block
),
in_customers AS (
    SELECT account_key // 32 AS block, bit_or(1::BIGINT << account_key % 32) AS bits FROM known_holders WHERE principal GROUP BY block
),
in_payments AS (
    SELECT account_key // 32 AS block, bit_or(1::BIGINT << account_key % 32) AS bits
    FROM overseas_payments
    WHERE account_key IS NOT NULL
    GROUP BY block
),
in_consents AS (
    SELECT account_key // 32 AS block, bit_or(1::BIGINT << account_key % 32) AS bits
    FROM consents
    WHERE account_key IS NOT NULL
    GROUP BY block
),
blocks AS (
    SELECT
        a.sender,
        a.bits & COALESCE(t.bits, 0) AS transfers,
        a.bits & COALESCE(c.bits, 0) AS customers,
        a.bits & COALESCE(p.bits, 0) AS payments,
        a.bits & COALESCE(o.bits, 0) AS consents
    FROM of_senders a
    LEFT JOIN in_transfers t ON t.block = a.block
    LEFT JOIN in_customers c ON c.block = a.block
    LEFT JOIN in_payments p ON p.block = a.block
    LEFT JOIN in_consents o ON o.block = a.block
)
SELECT
    sender,
    CAST(sum(bit_count(transfers)) AS BIGINT) AS transfers,
    CAST(sum(bit_count(customers)) AS BIGINT) AS customers,
    CAST(sum(bit_count(payments)) AS BIGINT) AS payments,
    CAST(sum(bit_count(consents)) AS BIGINT) AS consents,
    CAST(sum(bit_count(transfers & customers)) AS BIGINT) AS transfers_customers,
    CAST(sum(bit_count(transfers & payments)) AS BIGINT) AS transfers_payments,
    CAST(sum(bit_count(customers & payments)) AS BIGINT) AS customers_payments,
    CAST(sum(bit_count(transfers & consents)) AS BIGINT) AS transfers_consents,
    CAST(sum(bit_count(customers & consents)) AS BIGINT) AS customers_consents
FROM blocks
GROUP BY sender
ORDER BY sender
