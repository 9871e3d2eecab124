-- check: new_fields
-- title: Columns that the layout does not know
-- title.ko: 레이아웃에 없는 항목
-- needs: fields
-- severity: note
-- rule: Evidence: the first appearance of a field is reported with its day, not dropped
--
-- Lists columns that delivered files have and the layout of their source does not, where the case says that such columns are
-- to be recorded, with the days on which they were first and last filled and in how many records. Their content counts in no
-- figure until the layout names them.
SELECT source, field, first_seen, last_seen, CAST(COALESCE(records, 0) AS BIGINT) AS records
FROM fields
WHERE role = 'new'
ORDER BY source, field
