-- check: unmatched_contracts
-- title: Contracts that match nothing that was sent
-- title.ko: 제공 내역과 대응하지 않는 계약
-- needs: contracts, flows, fields
-- severity: note
-- rule: Evidence: a contract written in other words than the transfers must not pass for a missing one
--
-- Lists contracts that can cover no item: of a basis other than outsourcing and provision, or for a sender, recipient, purpose
-- and field that no source has together. Either they concern something else, or one of these is written otherwise than in the
-- case; then the figure without_basis counts too much by the reading "exempt".
WITH terms AS (
    SELECT sender, basis, recipient, purpose, field, count(*) AS contracts
    FROM contracts
    GROUP BY sender, basis, recipient, purpose, field
),
sent AS (
    SELECT f.sender, f.recipient, f.purpose, d.field
    FROM flows f
    JOIN fields d ON d.source = f.source
    WHERE d.bit > 0
    GROUP BY f.sender, f.recipient, f.purpose, d.field
)
SELECT
    t.sender,
    t.basis,
    t.recipient,
    t.purpose,
    t.field,
    CAST(t.contracts AS BIGINT) AS contracts,
    CASE
        WHEN COALESCE(t.basis, '') NOT IN ('outsourcing', 'provision') THEN 'basis is not known'
        ELSE 'no such field was sent to this recipient for this purpose'
    END AS problem
FROM terms t
WHERE COALESCE(t.basis, '') NOT IN ('outsourcing', 'provision')
    OR NOT EXISTS (
        SELECT 1
        FROM sent s
        WHERE s.sender = t.sender
            AND (COALESCE(t.recipient, '*') = '*' OR t.recipient = s.recipient)
            AND (COALESCE(t.purpose, '*') = '*' OR t.purpose = s.purpose)
            AND (COALESCE(t.field, '*') = '*' OR t.field = s.field)
    )
ORDER BY t.sender, t.basis NULLS LAST, t.recipient NULLS LAST, t.purpose NULLS LAST, t.field NULLS LAST
