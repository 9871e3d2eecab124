-- finding: before_joining
-- title: Data sent about people before they joined
-- title.ko: 가입 전 고객의 정보 제공
-- needs: account_statuses, shared_accounts
-- rule: Personal Information Protection Act, Art. 17; Credit Information Act, Art. 32
-- reading: holders
-- range: person_key
--
-- One row for each person of the figure before_joining, with the number of these records and the first and the last day on
-- which one was sent. The days are those of the newest customer tables; a joint account counts for each of those who count for
-- it.
SELECT
    COALESCE(s.person_key, a.account_key) AS person_key,
    CAST(sum(a.records) AS BIGINT) AS records,
    min(a.first_date) AS first_date,
    max(a.last_date) AS last_date
FROM account_statuses a
LEFT JOIN shared_accounts s ON s.account_key = a.account_key
WHERE a.status = 'before_joining'
GROUP BY COALESCE(s.person_key, a.account_key)
ORDER BY person_key
