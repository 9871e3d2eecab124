-- rollup: item_fields
-- title: Fields that count as items
-- title.ko: 제공 항목의 정의
-- needs: fields
-- grain: one field of a source of transfers that counts as an item
--
-- What the layouts and the case say of a field, without what was counted of it: that changes with every new file, and what is made
-- of this table only with another layout.
SELECT source, field, bit, needed, needed_until
FROM fields
WHERE bit > 0
ORDER BY source, bit
