-- finding: without_basis
-- title: Data sent about people without consent or a contract that covers it
-- title.ko: 동의나 위탁계약 근거 없는 정보 제공
-- needs: account_breaches, shared_accounts, params
-- rule: Credit Information Act, Art. 17 and 32; Personal Information Protection Act, Art. 17 and 26
-- reading: outsourcing, holders
-- range: person_key
--
-- One row for each person of the figure without_basis, by the reading of the case: the number of records of which at least one
-- item lacked a basis on the day, and the first and the last of these days.
WITH reading AS (
    SELECT CASE WHEN outsourcing = 'exempt' THEN 1 ELSE 0 END AS exempt FROM params
),
people AS (
    -- An account that is not shared is its person's only one, and has the same key.
    SELECT
        b.account_key AS person_key,
        CASE r.exempt WHEN 1 THEN b.uncovered_records ELSE b.filled_records END AS records,
        CASE r.exempt WHEN 1 THEN b.uncovered_first ELSE b.filled_first END AS first_date,
        CASE r.exempt WHEN 1 THEN b.uncovered_last ELSE b.filled_last END AS last_date
    FROM account_breaches b
    CROSS JOIN reading r
    LEFT JOIN shared_accounts s ON s.account_key = b.account_key
    WHERE s.account_key IS NULL
    UNION ALL
    SELECT
        s.person_key,
        CAST(sum(CASE r.exempt WHEN 1 THEN b.uncovered_records ELSE b.filled_records END) AS BIGINT) AS records,
        min(CASE r.exempt WHEN 1 THEN b.uncovered_first ELSE b.filled_first END) AS first_date,
        max(CASE r.exempt WHEN 1 THEN b.uncovered_last ELSE b.filled_last END) AS last_date
    FROM account_breaches b
    CROSS JOIN reading r
    JOIN shared_accounts s ON s.account_key = b.account_key
    GROUP BY s.person_key
)
SELECT person_key, records, first_date, last_date
FROM people
WHERE records > 0
ORDER BY person_key
