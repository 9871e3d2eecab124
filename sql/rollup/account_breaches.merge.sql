-- Rollups over different months become one: no record stands in two of them, so that records and items add up; the first day is
-- the earliest, the last one the latest, and a part that has none of a kind has no say.
SELECT
    account_key,
    CAST(sum(third_party_records) AS BIGINT) AS third_party_records,
    CAST(sum(third_party_items) AS BIGINT) AS third_party_items,
    min(third_party_first) AS third_party_first,
    max(third_party_last) AS third_party_last,
    CAST(sum(overseas_records) AS BIGINT) AS overseas_records,
    CAST(sum(overseas_items) AS BIGINT) AS overseas_items,
    min(overseas_first) AS overseas_first,
    max(overseas_last) AS overseas_last,
    CAST(sum(filled_records) AS BIGINT) AS filled_records,
    min(filled_first) AS filled_first,
    max(filled_last) AS filled_last,
    CAST(sum(uncovered_records) AS BIGINT) AS uncovered_records,
    CAST(sum(uncovered_items) AS BIGINT) AS uncovered_items,
    min(uncovered_first) AS uncovered_first,
    max(uncovered_last) AS uncovered_last
FROM account_breaches
GROUP BY account_key
ORDER BY account_key
