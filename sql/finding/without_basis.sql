-- finding: without_basis
-- title: Data sent about people without consent or a contract that covers it
-- title.ko: 동의나 위탁계약 근거 없는 정보 제공
-- needs: account_breaches, shared_accounts, params
-- rule: Credit Information Act, Art. 17 and 32; Personal Information Protection Act, Art. 17 and 26
-- reading: outsourcing, holders
--
-- One row for each person of the figure without_basis, by the reading of the case: the number of records of which at least one
-- item lacked a basis on the day, and the first and the last of these days.
WITH lacking AS (
    SELECT b.account_key, b.uncovered_records AS records, b.uncovered_first AS first_date, b.uncovered_last AS last_date
    FROM account_breaches b
    JOIN params p ON p.outsourcing = 'exempt'
    WHERE b.uncovered_records > 0
    UNION ALL
    SELECT b.account_key, b.filled_records AS records, b.filled_first AS first_date, b.filled_last AS last_date
    FROM account_breaches b
    JOIN params p ON p.outsourcing <> 'exempt'
    WHERE b.filled_records > 0
)
-- An account that is not shared is its person's only one, and has the same key.
SELECT account_key AS person_key, records, first_date, last_date
FROM lacking l
WHERE NOT EXISTS (SELECT 1 FROM shared_accounts s WHERE s.account_key = l.account_key)
UNION ALL
SELECT s.person_key, CAST(sum(l.records) AS BIGINT) AS records, min(l.first_date) AS first_date, max(l.last_date) AS last_date
FROM lacking l
JOIN shared_accounts s ON s.account_key = l.account_key
GROUP BY s.person_key
ORDER BY person_key
