-- rollup: person_sources
-- title: Which fields of a person each source sent
-- title.ko: 정보주체별·출처별 제공 항목
-- needs: account_flows, shared_accounts, shared_sources, item_fields
-- grain: one person and source
-- range: account_key
--
-- fields are all that were filled in at least one record on any account of the person; 0 where every record was empty. The rows lie
-- in the order of the smallest of the person's accounts on which the source sent something.
WITH combinations AS (
    SELECT a.account_key, a.source, a.fields
    FROM account_flows a
    WHERE NOT EXISTS (SELECT 1 FROM shared_accounts s WHERE s.account_key = a.account_key)
    GROUP BY a.account_key, a.source, a.fields
),
bits AS (
    SELECT c.account_key, c.source, f.bit
    FROM combinations c
    JOIN item_fields f ON f.source = c.source AND bitwise_and(c.fields, f.bit) <> 0
    GROUP BY c.account_key, c.source, f.bit
),
unions AS (
    SELECT account_key, source, sum(bit) AS fields FROM bits GROUP BY account_key, source
),
accounts AS (
    SELECT account_key, source FROM combinations GROUP BY account_key, source
),
people AS (
    -- An account that is not shared is its person's only one, and has the same key.
    SELECT a.account_key, a.account_key AS person_key, a.source, CAST(COALESCE(u.fields, 0) AS BIGINT) AS fields
    FROM accounts a
    LEFT JOIN unions u ON u.account_key = a.account_key AND u.source = a.source
    UNION ALL
    SELECT account_key, person_key, source, fields FROM shared_sources
)
SELECT person_key, source, fields
FROM people
ORDER BY account_key, person_key, source
