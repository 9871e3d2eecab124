-- rollup: item_fields
-- title: Fields of transferred records that are personal data
-- title.ko: 제공 레코드의 개인정보 항목
-- needs: fields
-- grain: one field of a source that has a bit
--
-- What case.yaml says of these fields, without what was counted of them: that changes every day, and this does not.
SELECT source, field, bit, needed, needed_until
FROM fields
WHERE bit > 0
ORDER BY source, bit
