-- finding: after_stop
-- title: Data sent about people after the sender says it stopped
-- title.ko: 중단했다고 밝힌 날 이후 제공된 사람
-- needs: late_records, shared_accounts
-- rule: Personal Information Protection Act, Art. 17 and 18; Evidence: what the sender states is held against what it delivered
-- reading: holders
-- range: person_key
--
-- One row for each person of whom at least one record has a date later than the day on which the sender says that the source
-- stopped, with the number of these records and the first and the last of their days; records of the day itself do not count.
SELECT
    COALESCE(s.person_key, a.account_key) AS person_key,
    CAST(sum(a.records) AS BIGINT) AS records,
    min(a.first_date) AS first_date,
    max(a.last_date) AS last_date
FROM late_records a
LEFT JOIN shared_accounts s ON s.account_key = a.account_key
GROUP BY COALESCE(s.person_key, a.account_key)
ORDER BY person_key
