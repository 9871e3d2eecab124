-- rollup: month_persons
-- title: People whose data was sent in a month
-- title.ko: 월별 정보가 제공된 사람
-- needs: account_months, shared_accounts
-- grain: one month with at least one record on an account
--
-- Each person counts once for a month, whatever the number of accounts, sources, recipients and records.
WITH sent AS (
    SELECT month, account_key FROM account_months WHERE records > 0 GROUP BY month, account_key
),
people AS (
    SELECT t.month, s.person_key
    FROM sent t
    JOIN shared_accounts s ON s.account_key = t.account_key
    GROUP BY t.month, s.person_key
),
counts AS (
    -- An account that is not shared is one person's, and stands for that person.
    SELECT t.month, count(*) AS persons
    FROM sent t
    WHERE NOT EXISTS (SELECT 1 FROM shared_accounts s WHERE s.account_key = t.account_key)
    GROUP BY t.month
    UNION ALL
    SELECT month, count(*) AS persons FROM people GROUP BY month
)
SELECT month, CAST(sum(persons) AS BIGINT) AS persons
FROM counts
GROUP BY month
ORDER BY month
