-- check: missing_days
-- title: Days without a file
-- title.ko: 파일이 없는 날
-- needs: source_days, calendar
-- severity: incomplete
--
-- Lists, for each source from which files are expected on certain days, the unbroken runs of days on which one was expected and
-- none is there. A file with a header alone covers its day. Refused and held files cover nothing.
WITH missing AS (
    SELECT
        s.source,
        c.date,
        c.day_no - row_number() OVER (PARTITION BY s.source ORDER BY c.day_no) AS run
    FROM source_days s
    JOIN calendar c ON c.date = s.transfer_date
    WHERE s.expected AND NOT s.covered
)
SELECT source, min(date) AS first_missing, max(date) AS last_missing, CAST(count(*) AS BIGINT) AS days
FROM missing
GROUP BY source, run
ORDER BY source, first_missing
