-- check: customer_changes
-- title: What later customer tables say otherwise
-- title.ko: 고객 자료 간 변경 사항
-- needs: customer_history
-- severity: note
-- rule: Evidence: who was a customer when is judged by the newest customer table; where it contradicts an earlier one, that is told
--
-- Compares each customer table of a source with the next one, by the day of the snapshot, and counts the accounts whose day of
-- joining changed, that were withdrawn and are not any more, and that are not in the later table. as_of is the day of the
-- later one. A day of joining that was stated and no longer is, or the other way round, counts as changed. Where the holders
-- of a joint account have different days, the owner's count.
WITH snapshots AS (
    SELECT source, as_of, lead(as_of) OVER (PARTITION BY source ORDER BY as_of) AS next_as_of
    FROM customer_history
    WHERE as_of IS NOT NULL
    GROUP BY source, as_of
),
people AS (
    SELECT
        source,
        as_of,
        account_key,
        max(CASE WHEN holder = 'joint' THEN 0 ELSE 1 END) AS owned,
        min(CASE WHEN COALESCE(holder, 'owner') <> 'joint' THEN joined_on END) AS owner_joined,
        min(CASE WHEN COALESCE(holder, 'owner') <> 'joint' THEN withdrawn_on END) AS owner_withdrawn,
        min(joined_on) AS joint_joined,
        min(withdrawn_on) AS joint_withdrawn
    FROM customer_history
    WHERE as_of IS NOT NULL AND account_key IS NOT NULL
    GROUP BY source, as_of, account_key
),
accounts AS (
    SELECT
        source,
        as_of,
        account_key,
        CASE WHEN owned = 1 THEN owner_joined ELSE joint_joined END AS joined_on,
        CASE WHEN owned = 1 THEN owner_withdrawn ELSE joint_withdrawn END AS withdrawn_on
    FROM people
),
pairs AS (
    SELECT
        a.source,
        s.next_as_of AS as_of,
        CASE WHEN b.account_key IS NULL THEN 1 ELSE 0 END AS vanished,
        CASE
            WHEN b.account_key IS NULL OR a.joined_on = b.joined_on THEN 0
            WHEN a.joined_on IS NULL AND b.joined_on IS NULL THEN 0
            ELSE 1
        END AS rejoined,
        CASE
            WHEN b.account_key IS NOT NULL AND a.withdrawn_on IS NOT NULL AND b.withdrawn_on IS NULL THEN 1
            ELSE 0
        END AS returned
    FROM accounts a
    JOIN snapshots s ON s.source = a.source AND s.as_of = a.as_of
    LEFT JOIN accounts b ON b.source = a.source AND b.as_of = s.next_as_of AND b.account_key = a.account_key
    WHERE s.next_as_of IS NOT NULL
),
counts AS (
    SELECT
        source,
        as_of,
        sum(vanished) AS vanished,
        sum(rejoined) AS rejoined,
        sum(returned) AS returned
    FROM pairs
    GROUP BY source, as_of
)
SELECT source, as_of, 'vanished' AS change, CAST(vanished AS BIGINT) AS accounts
FROM counts
WHERE vanished > 0
UNION ALL
SELECT source, as_of, 'joined on another day' AS change, CAST(rejoined AS BIGINT) AS accounts
FROM counts
WHERE rejoined > 0
UNION ALL
SELECT source, as_of, 'no longer withdrawn' AS change, CAST(returned AS BIGINT) AS accounts
FROM counts
WHERE returned > 0
ORDER BY source, as_of, change
