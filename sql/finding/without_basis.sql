-- finding: without_basis
-- title: Data sent about people without consent or a contract that covers it
-- title.ko: 동의나 위탁계약 근거 없는 정보 제공
-- needs: account_breaches, shared_accounts, params
-- rule: Credit Information Act, Art. 17 and 32; Personal Information Protection Act, Art. 17 and 26
-- reading: outsourcing, holders
--
-- One row for each person of the figure without_basis, by the reading of the case: the number of records of which at least one
-- item lacked a basis on the day, and the first and the last of these days.
SELECT
    COALESCE(s.person_key, b.account_key) AS person_key,
    CAST(sum(b.records) AS BIGINT) AS records,
    min(b.first_date) AS first_date,
    max(b.last_date) AS last_date
FROM account_breaches b
LEFT JOIN shared_accounts s ON s.account_key = b.account_key
CROSS JOIN params p
WHERE b.third_party AND CASE WHEN p.outsourcing = 'exempt' THEN b.uncovered ELSE b.items END > 0
GROUP BY COALESCE(s.person_key, b.account_key)
ORDER BY person_key
