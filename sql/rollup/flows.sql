-- rollup: flows
-- title: Who sent to whom, for which purpose
-- title.ko: 제공 경로(송신자·수신자·목적)
-- needs: sent_days, sources, recipients, case_facts
-- grain: one source and recipient to which at least one record was sent
--
-- The recipient is the one that the records name, else the source's; the country is the one delivered with the recipient, else
-- the source's. A recipient is abroad when its country is known and is not the home country of the case, whatever the case of
-- the letters. One whose country nobody states is not counted as abroad.
WITH sent AS (
    SELECT source, recipient_key FROM sent_days GROUP BY source, recipient_key
),
named AS (
    SELECT
        t.source,
        t.recipient_key,
        s.sender,
        COALESCE(NULLIF(r.recipient, ''), NULLIF(s.recipient, '')) AS recipient,
        COALESCE(NULLIF(r.country, ''), NULLIF(s.country, '')) AS country,
        NULLIF(s.purpose, '') AS purpose
    FROM sent t
    LEFT JOIN sources s ON s.source = t.source
    LEFT JOIN recipients r ON r.recipient_key = t.recipient_key
)
SELECT
    n.source,
    n.recipient_key,
    n.sender,
    n.recipient,
    n.country,
    n.purpose,
    n.country IS NOT NULL AND upper(n.country) <> upper(COALESCE(p.home_country, '')) AS abroad
FROM named n
CROSS JOIN case_facts p
ORDER BY n.source, n.recipient_key NULLS LAST
