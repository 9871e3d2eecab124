-- figure: total_items
-- title: Items of personal data sent
-- title.ko: 제공된 개인정보 항목 수
-- unit: items
-- needs: sent_days
--
-- An item is one filled field of personal data of one record: an identifier or an attribute, the account included, unless the
-- case declares it not personal. Fields that are empty, or hold what the sender uses for "no value", do not count. Records
-- without an account count with the fields that they have.
SELECT CAST(COALESCE(sum(records * popcount(fields)), 0) AS BIGINT) AS total_items
FROM sent_days
