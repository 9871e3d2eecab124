-- rollup: shared_sources
-- title: Which fields of a person with shared accounts each source sent
-- title.ko: 공유 계정 보유자별·출처별 제공 항목
-- needs: account_flows, shared_accounts, item_fields
-- grain: one person of shared_accounts and source
--
-- As person_sources. account_key is the smallest of the person's accounts on which the source sent something.
WITH combinations AS (
    SELECT s.person_key, a.source, a.fields, min(a.account_key) AS account_key
    FROM account_flows a
    JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY s.person_key, a.source, a.fields
),
bits AS (
    SELECT c.person_key, c.source, f.bit
    FROM combinations c
    JOIN item_fields f ON f.source = c.source AND bitwise_and(c.fields, f.bit) <> 0
    GROUP BY c.person_key, c.source, f.bit
),
unions AS (
    SELECT person_key, source, sum(bit) AS fields FROM bits GROUP BY person_key, source
),
people AS (
    SELECT person_key, source, min(account_key) AS account_key FROM combinations GROUP BY person_key, source
)
SELECT
    p.person_key,
    CAST(p.account_key AS INTEGER) AS account_key,
    p.source,
    CAST(COALESCE(u.fields, 0) AS BIGINT) AS fields
FROM people p
LEFT JOIN unions u ON u.person_key = p.person_key AND u.source = p.source
ORDER BY p.person_key, p.source
