-- rollup: shared_totals
-- title: What was sent about each person with shared accounts
-- title.ko: 공유 계정 보유자별 제공 내역
-- needs: account_totals, shared_accounts, shared_days
-- grain: one person of shared_accounts of whom at least one record was sent
--
-- As person_totals, and in its order. account_key is the smallest of the person's accounts on which something was sent.
SELECT
    s.person_key,
    CAST(min(s.account_key) AS INTEGER) AS account_key,
    CAST(sum(t.records) AS BIGINT) AS records,
    CAST(sum(t.items) AS BIGINT) AS items,
    CAST(max(d.days) AS INTEGER) AS days,
    min(t.first_date) AS first_date,
    max(t.last_date) AS last_date,
    CAST(count(*) AS INTEGER) AS accounts
FROM shared_accounts s
JOIN account_totals t ON t.account_key = s.account_key
LEFT JOIN shared_days d ON d.person_key = s.person_key
GROUP BY s.person_key
ORDER BY account_key, s.person_key
