-- finding: dormant_customers
-- title: Data sent about dormant customers
-- title.ko: 휴면 고객의 정보 제공
-- needs: account_statuses, shared_accounts
-- rule: Personal Information Protection Act, Art. 3(1) and 18; Credit Information Act, Art. 33
-- reading: holders
-- range: person_key
--
-- One row for each person of the figure dormant_customers, with the number of these records and the first and the last day on
-- which one was sent. The days are those of the newest customer tables; a joint account counts for each of those who count for
-- it.
SELECT
    COALESCE(s.person_key, a.account_key) AS person_key,
    CAST(sum(a.records) AS BIGINT) AS records,
    min(a.first_date) AS first_date,
    max(a.last_date) AS last_date
FROM account_statuses a
LEFT JOIN shared_accounts s ON s.account_key = a.account_key
WHERE a.status = 'dormant'
GROUP BY COALESCE(s.person_key, a.account_key)
ORDER BY person_key
