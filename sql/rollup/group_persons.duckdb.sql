-- People are a bit for each key, 32 in a number, and their union is bit_or: a tenth of the time of a hash table with a row for each
-- person and group, and few rows to group again. Whoever is not in shared_accounts has the key of the account.
WITH numbered AS (
    SELECT
        f.source,
        COALESCE(f.recipient_key, -1) AS recipient,
        f.sender,
        f.country,
        p.place,
        row_number() OVER (ORDER BY f.source, f.recipient_key NULLS LAST) AS flow
    FROM flows f
    JOIN recipient_places p ON p.source = f.source AND COALESCE(p.recipient_key, -1) = COALESCE(f.recipient_key, -1)
),
members AS (
    SELECT 'sender' AS kind, sender AS name, NULL AS no, flow, 0 AS bit FROM numbered
    UNION ALL
    SELECT 'country' AS kind, country AS name, NULL AS no, flow, 0 AS bit FROM numbered
    UNION ALL
    SELECT 'recipient' AS kind, NULL AS name, place AS no, flow, 0 AS bit FROM numbered
    UNION ALL
    SELECT 'field' AS kind, i.source AS name, i.bit AS no, n.flow, i.bit
    FROM numbered n
    JOIN item_fields i ON i.source = n.source
),
coded AS (
    SELECT *, dense_rank() OVER (ORDER BY kind, name NULLS LAST, no NULLS LAST) AS code FROM members
),
sent AS MATERIALIZED (
    SELECT
        n.flow,
        a.fields,
        COALESCE(s.person_key, a.account_key) // 32 AS block,
        bit_or(1::BIGINT << COALESCE(s.person_key, a.account_key) % 32) AS people
    FROM account_flows a
    JOIN numbered n ON n.source = a.source AND n.recipient = COALESCE(a.recipient_key, -1)
    LEFT JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY n.flow, a.fields, block
),
unions AS (
    SELECT c.code, t.block, bit_or(t.people) AS people
    FROM sent t
    JOIN coded c ON c.flow = t.flow AND (c.bit = 0 OR t.fields & c.bit <> 0)
    GROUP BY c.code, t.block
),
counts AS (
    SELECT code, sum(bit_count(people)) AS persons FROM unions GROUP BY code
),
unneeded AS (
    SELECT
        COALESCE(s.person_key, u.account_key) // 32 AS block,
        bit_or(1::BIGINT << COALESCE(s.person_key, u.account_key) % 32) AS people
    FROM account_unneeded u
    LEFT JOIN shared_accounts s ON s.account_key = u.account_key
    GROUP BY block
),
listed AS (
    SELECT c.kind, c.name, c.no, p.persons
    FROM counts p
    JOIN (SELECT DISTINCT code, kind, name, no FROM coded) c ON c.code = p.code
    UNION ALL
    SELECT 'unneeded' AS kind, NULL AS name, NULL AS no, sum(bit_count(people)) AS persons FROM unneeded HAVING count(*) > 0
)
SELECT CAST(kind AS VARCHAR) AS kind, name, CAST(no AS BIGINT) AS no, CAST(persons AS BIGINT) AS persons
FROM listed
ORDER BY kind, name NULLS LAST, no NULLS LAST
