-- check: outside_span
-- title: Records outside the inspected period
-- title.ko: 검사 대상 기간 밖의 레코드
-- needs: file_days, params
-- severity: stop
-- rule: Evidence: the figures speak of the inspected period, so no record they count lies outside it
--
-- Lists days before the first or after the last day of the inspected period on which records were sent. Either the period of
-- the case or the date of the file is wrong.
SELECT d.source, d.transfer_date, CAST(sum(d.records) AS BIGINT) AS records, p.span_from, p.span_to
FROM file_days d
CROSS JOIN params p
WHERE d.transfer_date < p.span_from OR d.transfer_date > p.span_to
GROUP BY d.source, d.transfer_date, p.span_from, p.span_to
ORDER BY d.source, d.transfer_date
