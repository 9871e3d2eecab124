-- check: tables_delivered
-- title: Senders without a customer, payment, consent or contract table
-- title.ko: 고객·결제·동의·계약 자료가 없는 송신자
-- needs: sources, files
-- severity: note
-- rule: Evidence: that somebody never paid, is unknown, or did not consent says something only where such tables were delivered
--
-- Lists the senders of transfers of whom no customer, payment, consent or contract table is loaded. Without a payment table
-- everyone seems never to have paid overseas, without a customer table everyone is unknown, without a consent table nobody
-- consented, and without a contract table nothing was agreed. Such a figure says what was not shown, not what was not so.
WITH loaded AS (
    SELECT s.sender, s.kind
    FROM sources s
    JOIN files f ON f.source = s.source
    WHERE f.status = 'loaded'
    GROUP BY s.sender, s.kind
),
senders AS (
    SELECT sender FROM sources WHERE kind = 'transfers' GROUP BY sender
),
wanted AS (
    SELECT sender, 'customers' AS kind FROM senders
    UNION ALL
    SELECT sender, 'overseas_payments' AS kind FROM senders
    UNION ALL
    SELECT sender, 'consents' AS kind FROM senders
    UNION ALL
    SELECT sender, 'contracts' AS kind FROM senders
)
SELECT w.sender, w.kind AS missing
FROM wanted w
WHERE NOT EXISTS (SELECT 1 FROM loaded l WHERE l.sender = w.sender AND l.kind = w.kind)
ORDER BY w.sender, missing
