-- rollup: contract_days
-- title: Days on which an outsourcing contract covered a field
-- title.ko: 처리위탁 계약의 적용 일자
-- needs: sent_days, flows, contracts, item_fields, calendar
-- grain: one source, recipient, month and set of fields that were covered on these days of those on which something was sent
-- scope: month
--
-- A contract covers a field when it is of the sender, names the recipient, the purpose and the field (or none, or * for all),
-- and is in force: from its first day up to, not including, its last; without a first day from the beginning, without a last
-- one to this day. Only contracts of the basis "outsourcing" count here: a contract to provide data to a third party gives no
-- leave that people did not give. Several contracts for one field cover it once. The rows of a source, recipient and month
-- hold each day on which something was sent exactly once; days without any covered field have the fields 0. abroad is said here
-- as in flows, so that what asks for both reads no more than a month.
WITH named AS (
    SELECT
        sender,
        COALESCE(recipient, '*') AS recipient,
        COALESCE(purpose, '*') AS purpose,
        COALESCE(field, '*') AS field,
        from_on,
        until_on
    FROM contracts
    WHERE basis = 'outsourcing'
),
terms AS (
    SELECT w.source, COALESCE(w.recipient_key, -1) AS recipient, f.bit, n.from_on, n.until_on
    FROM named n
    JOIN flows w ON w.sender = n.sender
    JOIN item_fields f ON f.source = w.source
    WHERE (n.recipient = '*' OR n.recipient = w.recipient)
        AND (n.purpose = '*' OR n.purpose = w.purpose)
        AND (n.field = '*' OR n.field = f.field)
),
sent AS (
    SELECT s.source, COALESCE(s.recipient_key, -1) AS recipient, c.date, c.month, c.bit
    FROM sent_days s
    JOIN calendar c ON c.date = s.transfer_date
    GROUP BY s.source, COALESCE(s.recipient_key, -1), c.date, c.month, c.bit
),
covered AS (
    SELECT s.source, s.recipient, s.date, t.bit
    FROM sent s
    JOIN terms t ON t.source = s.source AND t.recipient = s.recipient
    WHERE (t.from_on IS NULL OR t.from_on <= s.date) AND (t.until_on IS NULL OR s.date < t.until_on)
    GROUP BY s.source, s.recipient, s.date, t.bit
),
daily AS (
    SELECT source, recipient, date, sum(bit) AS fields FROM covered GROUP BY source, recipient, date
),
months AS (
    SELECT s.source, s.recipient, s.month, COALESCE(d.fields, 0) AS fields, sum(s.bit) AS days
    FROM sent s
    LEFT JOIN daily d ON d.source = s.source AND d.recipient = s.recipient AND d.date = s.date
    GROUP BY s.source, s.recipient, s.month, COALESCE(d.fields, 0)
)
SELECT
    m.source,
    f.recipient_key,
    f.abroad,
    m.month,
    CAST(m.fields AS BIGINT) AS fields,
    CAST(m.days AS INTEGER) AS days
FROM months m
JOIN flows f ON f.source = m.source AND COALESCE(f.recipient_key, -1) = m.recipient
ORDER BY m.source, f.recipient_key NULLS LAST, m.month, m.fields
