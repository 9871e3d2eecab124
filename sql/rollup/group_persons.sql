-- rollup: group_persons
-- title: How many people stand behind the groups of a table
-- title.ko: 집계표 구분별 정보주체 수
-- needs: account_flows, account_unneeded, shared_accounts, flows, recipient_places, item_fields
-- grain: one sender, country, place of recipients, or field of a source; and everyone of whom something was sent that was not needed
--
-- The persons of whom at least one record was sent by a sender (name), to recipients in a country (name; none where nobody states
-- it), to the recipients of a place (no, as in recipient_places), with a field filled (name is the source, no the field's bit), or
-- with a filled field that was not needed on the day (kind unneeded). Each counts once for a group, whatever the number of accounts,
-- sources and records, and again for another group. A group of nobody has no row.
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
    -- What is sent in a flow is of these groups; where a bit is named, only if that field is filled.
    SELECT 'sender' AS kind, sender AS name, CAST(NULL AS BIGINT) AS no, flow, CAST(0 AS BIGINT) AS bit FROM numbered
    UNION ALL
    SELECT 'country' AS kind, country AS name, CAST(NULL AS BIGINT) AS no, flow, CAST(0 AS BIGINT) AS bit FROM numbered
    UNION ALL
    SELECT 'recipient' AS kind, CAST(NULL AS VARCHAR) AS name, CAST(place AS BIGINT) AS no, flow, CAST(0 AS BIGINT) AS bit FROM numbered
    UNION ALL
    SELECT 'field' AS kind, i.source AS name, i.bit AS no, n.flow, i.bit
    FROM numbered n
    JOIN item_fields i ON i.source = n.source
),
coded AS (
    SELECT kind, name, no, flow, bit, dense_rank() OVER (ORDER BY kind, name NULLS LAST, no NULLS LAST) AS code FROM members
),
sent AS (
    SELECT n.flow, a.fields, COALESCE(s.person_key, a.account_key) AS person_key
    FROM account_flows a
    JOIN numbered n ON n.source = a.source AND n.recipient = COALESCE(a.recipient_key, -1)
    LEFT JOIN shared_accounts s ON s.account_key = a.account_key
    GROUP BY n.flow, a.fields, COALESCE(s.person_key, a.account_key)
),
people AS (
    SELECT c.code, t.person_key
    FROM sent t
    JOIN coded c ON c.flow = t.flow
    WHERE c.bit = 0 OR bitwise_and(t.fields, c.bit) <> 0
    GROUP BY c.code, t.person_key
),
counts AS (
    SELECT code, count(*) AS persons FROM people GROUP BY code
),
unneeded AS (
    SELECT count(DISTINCT COALESCE(s.person_key, u.account_key)) AS persons
    FROM account_unneeded u
    LEFT JOIN shared_accounts s ON s.account_key = u.account_key
),
listed AS (
    SELECT c.kind, c.name, c.no, p.persons
    FROM counts p
    JOIN (SELECT code, kind, name, no FROM coded GROUP BY code, kind, name, no) c ON c.code = p.code
    UNION ALL
    SELECT 'unneeded' AS kind, CAST(NULL AS VARCHAR) AS name, CAST(NULL AS BIGINT) AS no, persons FROM unneeded WHERE persons > 0
)
SELECT CAST(kind AS VARCHAR) AS kind, name, no, CAST(persons AS BIGINT) AS persons
FROM listed
ORDER BY kind, name NULLS LAST, no NULLS LAST
