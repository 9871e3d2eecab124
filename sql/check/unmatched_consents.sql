-- check: unmatched_consents
-- title: Consents that match nothing that was sent
-- title.ko: 제공 내역과 대응하지 않는 동의
-- needs: consents, flows
-- severity: note
-- rule: Evidence: a consent written in other words than the transfers must not pass for a missing one
--
-- Lists consents of senders that sent something, by kind, recipient and purpose, that can make no record lawful: of a kind
-- other than third_party and overseas, without a day from which they hold, or for a recipient and purpose that no source of
-- the sender has. Either they concern something else, or the recipient or the purpose is written otherwise than in the case;
-- then the figures without_consent and without_basis count too much.
WITH given AS (
    SELECT
        sender,
        kind,
        recipient,
        purpose,
        count(*) AS consents,
        count(given_on) AS dated
    FROM consents
    GROUP BY sender, kind, recipient, purpose
),
matched AS (
    SELECT
        g.sender,
        g.kind,
        g.recipient,
        g.purpose,
        g.consents,
        g.dated,
        max(CASE
            WHEN (COALESCE(g.recipient, '*') = '*' OR g.recipient = f.recipient)
                AND (COALESCE(g.purpose, '*') = '*' OR g.purpose = f.purpose) THEN 1
            ELSE 0
        END) AS found
    FROM given g
    JOIN flows f ON f.sender = g.sender
    GROUP BY g.sender, g.kind, g.recipient, g.purpose, g.consents, g.dated
)
SELECT
    sender,
    kind,
    recipient,
    purpose,
    CAST(CASE WHEN found = 1 AND kind IN ('third_party', 'overseas') THEN consents - dated ELSE consents END AS BIGINT) AS consents,
    CASE
        WHEN COALESCE(kind, '') NOT IN ('third_party', 'overseas') THEN 'kind is not known'
        WHEN found = 0 THEN 'nothing was sent to this recipient for this purpose'
        ELSE 'no day from which it holds'
    END AS problem
FROM matched
WHERE found = 0 OR COALESCE(kind, '') NOT IN ('third_party', 'overseas') OR dated < consents
ORDER BY sender, kind NULLS LAST, recipient NULLS LAST, purpose NULLS LAST
