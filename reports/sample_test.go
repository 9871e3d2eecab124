package reports

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"exhibit/pipeline"
)

// sample is a run before it is sealed: invented, but shaped like a real one.
type sample struct {
	manifest pipeline.Manifest
	figures  []pipeline.FigureResult
	checks   []pipeline.CheckResult
	tables   []pipeline.TableResult
	findings []pipeline.FindingResult
	sql      map[string]string // path → text
	files    map[string]string // further results
}

// query adds a SQL file and gives its SHA-256.
func (s *sample) query(path, text string) string {
	if s.sql == nil {
		s.sql = map[string]string{}
	}
	s.sql[path] = text
	return hexSum([]byte(text))
}

// seal writes the sample as a run folder and gives its path.
func (s *sample) seal(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s.manifest.SchemaVersion = 1
	s.manifest.Results = map[string]string{}
	s.manifest.Queries = map[string]string{}
	for name, v := range map[string]any{
		"figures.json":  pipeline.FiguresFile{SchemaVersion: 1, Figures: s.figures},
		"checks.json":   pipeline.ChecksFile{SchemaVersion: 1, Checks: s.checks},
		"tables.json":   pipeline.TablesFile{SchemaVersion: 1, Tables: s.tables},
		"findings.json": pipeline.FindingsFile{SchemaVersion: 1, Findings: s.findings},
	} {
		s.manifest.Results[name] = hexSum(write(t, dir, name, v))
	}
	for path, text := range s.files {
		s.manifest.Results[path] = hexSum(write(t, dir, path, text))
	}
	for path, text := range s.sql {
		s.manifest.Queries[path] = hexSum(write(t, dir, "sql/"+path, text))
	}
	write(t, dir, "run.json", s.manifest)
	return dir
}

// write stores a text as it is, anything else as JSON.
func write(t *testing.T, dir, name string, v any) []byte {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := v.(string); ok {
		data = []byte(text)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return data
}

func day(t *testing.T, s string) pipeline.Day {
	t.Helper()
	d, err := pipeline.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func span(t *testing.T, from, to string) pipeline.DayRange {
	t.Helper()
	return pipeline.DayRange{From: day(t, from), To: day(t, to)}
}

func figureSQL(name, body string) string {
	return fmt.Sprintf("-- figure: %s\n-- title: an invented figure\n--\n-- What it counts.\n%s\n", name, body)
}

// tiny is a complete run of four days: small enough to read its golden page.
func tiny(t *testing.T) *sample {
	s := &sample{manifest: pipeline.Manifest{
		RunID: "20240522-0001", Case: "mini", Title: pipeline.Text{En: "A small inspection", Ko: "작은 검사"},
		CaseSHA256: hexSum([]byte("case")), Span: span(t, "2024-02-27", "2024-03-01"),
		Definitions: map[string]string{"holders": "owner", "overseas_payment": "settled"},
		Versions:    map[string]string{"exhibit": "v0.1.0", "duckdb": "v1.5.5"},
		Complete:    false, Open: []string{"alipay: the day 2024-02-29 is missing"},
	}}
	days := []pipeline.DayCount{{Day: day(t, "2024-02-27"), Records: 1200}, {Day: day(t, "2024-02-28"), Records: 34}, {Day: day(t, "2024-03-01")}}
	counts := pipeline.Counts{Records: 1240, Accepted: 1234, Rejected: 6, Blank: 1, Lines: 1244}
	s.manifest.Sources = []pipeline.SourceStatus{{
		Source: "alipay", Kind: pipeline.Transfers, Sender: "kakaopay", Counts: counts,
		Files:   map[pipeline.Status]int{pipeline.Loaded: 1, pipeline.Refused: 1},
		Reasons: map[string]int64{"too few fields": 4, "no date of the declared form": 2}, DaysExpected: 4, DaysCovered: 3,
		Missing: []pipeline.DayRange{span(t, "2024-02-29", "2024-02-29")}, Days: days,
	}}
	s.manifest.Files = []pipeline.Receipt{
		{FileID: "aaaaaaaaaaaa", Source: "alipay", Path: "alipay/A.csv", SHA256: hexSum([]byte("A")), Bytes: 90210, Status: pipeline.Loaded,
			NameDay: pipeline.NoDay, Counts: counts, Days: days},
		{FileID: "bbbbbbbbbbbb", Source: "alipay", Path: "alipay/B.csv.gz", SHA256: hexSum([]byte("B")), Bytes: 77, Status: pipeline.Refused,
			Reason: "the gzip stream ends early", NameDay: day(t, "2024-02-29")},
	}
	figures(s)
	s.checks = []pipeline.CheckResult{
		{Name: "no_duplicate", Title: pipeline.Text{En: "No file counts twice", Ko: "중복 파일 없음"}, Severity: pipeline.Stop, Passed: true,
			SQLSHA256: s.query("check/no_duplicate.sql", "-- check: no_duplicate\n--\nSELECT 1 WHERE false\n")},
		{Name: "missing_day", Title: pipeline.Text{En: "No expected day is missing"}, Severity: pipeline.Incomplete, Rows: 1,
			Definition: "Every day of the cadence has a loaded file.", Columns: []string{"source", "transfer_date", "account_id"},
			First:     [][]string{{"alipay", "2024-02-29", "acc-4711"}},
			SQLSHA256: s.query("check/missing_day.sql", "-- check: missing_day\n--\nSELECT source FROM source_days WHERE expected AND NOT covered\n")},
	}
	s.findings = []pipeline.FindingResult{{Name: "never_paid_overseas", Title: pipeline.Text{En: "People who never paid overseas", Ko: "해외결제 이용 이력이 없는 사람"},
		Rule: "Credit Information Act, Art. 32(1)", Definition: "Persons without a settled overseas payment.", Instances: 17,
		SQLSHA256: s.query("finding/never_paid_overseas.sql", "-- finding: never_paid_overseas\n--\nSELECT person_key FROM person_totals\n"), SHA256: hexSum([]byte("p"))}}
	s.tables = []pipeline.TableResult{
		{Name: "records_per_month", Title: pipeline.Text{En: "Records per month", Ko: "월별 제공 건수"}, Unit: "records", Definition: "By the day of the transfer.",
			Columns: []string{"month", "records"}, Rows: [][]any{{202402, 1234}, {202403, 0}},
			SQLSHA256: s.query("table/records_per_month.sql", "-- table: records_per_month\n--\nSELECT month, sum(records) AS records FROM account_months GROUP BY month ORDER BY month\n")},
		{Name: "records_per_person", Title: pipeline.Text{En: "Records per person", Ko: "1인당 제공 건수"}, Unit: "persons and records",
			Columns: []string{"bucket_from", "bucket_to", "persons", "records"}, Rows: [][]any{{1, 1, 3, 3}, {2, 9, 20, 120}, {10, nil, 1, 1111}},
			SQLSHA256: s.query("table/records_per_person.sql", "-- table: records_per_person\n--\nSELECT 1\n")},
	}
	return s
}

// figures adds the figures of the contract, with small values.
func figures(s *sample) {
	add := func(name, title, ko, unit, definition string, values pipeline.Values, other ...pipeline.OtherReading) {
		s.figures = append(s.figures, pipeline.FigureResult{Name: name, Title: pipeline.Text{En: title, Ko: ko}, Unit: unit, Definition: definition,
			Values: values, OtherReadings: other, SQLSHA256: s.query("figure/"+name+".sql", figureSQL(name, "SELECT 1 AS "+name))})
	}
	add("busiest_day", "The day with the most records", "가장 많이 제공된 날", "records", "The earliest, if several days have the same number.",
		pipeline.Values{{Column: "date", Value: "2024-02-27"}, {Column: "records", Value: int64(1200)}})
	add("time_span", "From the first to the last day", "제공 기간", "days", "A day counts as covered if a file of it was loaded.",
		pipeline.Values{{Column: "first_date", Value: "2024-02-27"}, {Column: "last_date", Value: "2024-03-01"}, {Column: "days_in_span", Value: int64(4)},
			{Column: "days_covered", Value: int64(3)}, {Column: "days_missing", Value: int64(1)}})
	add("affected_persons", "People whose data was sent", "정보가 제공된 사람", "persons",
		"Counts each person once, however often they were sent.\n\nDormant and former customers count.",
		pipeline.Values{{Column: "affected_persons", Value: int64(24)}, {Column: "unknown_persons", Value: int64(1)}},
		pipeline.OtherReading{Definition: "holders", Reading: "all", Values: pipeline.Values{{Column: "affected_persons", Value: int64(25)}}})
	add("total_records", "Records sent", "제공된 총 건수", "records", "Records without an account count.",
		pipeline.Values{{Column: "total_records", Value: int64(1234)}, {Column: "records_without_account", Value: int64(12)}})
	add("never_paid_overseas", "People who never paid overseas", "해외결제 이용 이력이 없는 사람", "persons", "Persons without a settled overseas payment.",
		pipeline.Values{{Column: "persons", Value: int64(17)}, {Column: "records", Value: int64(900)},
			{Column: "persons_other_reading", Value: int64(16)}, {Column: "records_other_reading", Value: int64(880)}})
	add("records_per_person", "Records per person", "1인당 건수", "records", "Over all persons with at least one record.",
		pipeline.Values{{Column: "min", Value: int64(1)}, {Column: "median", Value: int64(4)}, {Column: "max", Value: nil}})
}

// large is a run of 74 months and 54.2 billion records.
func large(t *testing.T) *sample {
	s := tiny(t)
	m := &s.manifest
	m.Case, m.RunID = "alipay-2024", "20240822T061500Z-8f31c2"
	m.Title = pipeline.Text{En: "Customer data sent to Alipay", Ko: "알리페이 고객정보 제공 검사"}
	m.Span = span(t, "2018-04-01", "2024-05-22")
	m.Definitions = map[string]string{"holders": "owner", "overseas_payment": "settled", "outsourcing": "needs_consent", "unneeded_since": "2019-11-01"}
	m.Versions = map[string]string{"exhibit": "v0.1.0", "duckdb": "v1.5.5", "go": "go1.26.8", "parquet": "v2, zstd"}
	m.Open = []string{
		"kakaopay-alipay: 26 expected days have no loaded file, the longest gap is 2019-03-04 to 2019-03-17",
		"kakaopay-alipay: 2 files are refused, and 1 is held until the inspector decides which one counts",
	}
	s.figures[0].Values = pipeline.Values{{Column: "date", Value: "2024-02-09"}, {Column: "records", Value: int64(31_204_118)}}
	s.figures[1].Values = pipeline.Values{{Column: "first_date", Value: "2018-04-01"}, {Column: "last_date", Value: "2024-05-15"},
		{Column: "days_in_span", Value: int64(2236)}, {Column: "days_covered", Value: int64(2210)}, {Column: "days_missing", Value: int64(26)}}
	s.figures[2].Values = pipeline.Values{{Column: "affected_persons", Value: int64(40_450_213)}, {Column: "unknown_persons", Value: int64(182_004)},
		{Column: "unknown_records", Value: int64(96_411_730)}}
	s.figures[2].OtherReadings[0].Values[0].Value = int64(40_611_870)
	s.figures[3].Values = pipeline.Values{{Column: "total_records", Value: int64(54_214_377_902)}, {Column: "records_without_account", Value: int64(1_204_551)}}
	s.figures[4].Values = pipeline.Values{{Column: "persons", Value: int64(31_220_418)}, {Column: "records", Value: int64(41_800_112_345)},
		{Column: "persons_other_reading", Value: int64(30_118_502)}, {Column: "records_other_reading", Value: int64(40_307_441_009)}}
	s.figures[5].Values = pipeline.Values{{Column: "min", Value: int64(1)}, {Column: "median", Value: int64(1190)}, {Column: "max", Value: int64(6702)}}
	s.findings[0].Instances = 31_220_418
	s.checks[1].Rows, s.checks[1].Columns = 26, []string{"source", "transfer_date", "files"}
	s.checks[1].First = [][]string{{"kakaopay-alipay", "2018-09-24", "0"}, {"kakaopay-alipay", "2019-03-04", "0"}, {"kakaopay-alipay", "2019-03-05", "0"}}
	s.tables[1].Rows = nil
	for i, persons := range []int64{120_331, 402_118, 689_555, 812_004, 1_430_511, 3_120_511, 5_811_902, 7_214_888, 10_200_131, 9_290_777, 1_357_485} {
		from := []int64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000}
		s.tables[1].Rows = append(s.tables[1].Rows, []any{from[i], from[i+1] - 1, persons, persons * from[i]})
	}
	largeFiles(t, s)
	return s
}

// largeFiles gives every day of the span a file, but for some.
func largeFiles(t *testing.T, s *sample) {
	m := &s.manifest
	m.Files = nil
	gaps := []pipeline.DayRange{span(t, "2018-09-24", "2018-09-24"), span(t, "2019-03-04", "2019-03-17"), span(t, "2020-02-29", "2020-02-29"),
		span(t, "2021-07-05", "2021-07-07"), span(t, "2022-10-15", "2022-10-19"), span(t, "2023-12-31", "2024-01-01")}
	src := pipeline.SourceStatus{Source: "kakaopay-alipay", Kind: pipeline.Transfers, Sender: "kakaopay", Files: map[pipeline.Status]int{},
		Reasons:      map[string]int64{"not a date of the declared form": 48_211, "too few fields": 9_120, "undecodable bytes": 412, "required but empty": 12},
		DaysExpected: 2236, DaysCovered: 2210, Missing: gaps}
	months := map[int]int64{}
	for d := m.Span.From; d <= day(t, "2024-05-15"); d++ {
		lost := false
		for _, g := range gaps {
			lost = lost || g.Holds(d)
		}
		if lost {
			continue
		}
		n := int64(16_500_000+int(d-m.Span.From)*5_600) + int64(d)*7919%1_900_000
		if d == day(t, "2020-05-01") || d == day(t, "2023-08-15") {
			n = 0
		}
		months[d.Month()] += n
		src.Days = append(src.Days, pipeline.DayCount{Day: d, Records: n})
		path := "kakaopay/alipay/ALIPAY_D_" + d.Time().Format("20060102") + ".csv.gz"
		m.Files = append(m.Files, pipeline.Receipt{Source: src.Source, Path: path, SHA256: hexSum([]byte(path)), Bytes: n * 9, Status: pipeline.Loaded, NameDay: d,
			Counts: pipeline.Counts{Records: n + 26, Accepted: n, Rejected: 26, Lines: n + 27}})
		src.Records, src.Accepted, src.Rejected = src.Records+n+26, src.Accepted+n, src.Rejected+26
		src.Files[pipeline.Loaded]++
	}
	aside := []struct {
		path, reason string
		status       pipeline.Status
	}{
		{"kakaopay/alipay/ALIPAY_D_20180924.csv.gz", "the gzip stream ends early", pipeline.Refused},
		{"kakaopay/alipay/ALIPAY_D_20200229.csv.gz", "the header lacks the column SEND_DT", pipeline.Refused},
		{"kakaopay/alipay/ALIPAY_D_20210704_재전송.csv.gz", "the day 2021-07-04 is already loaded from another file", pipeline.Held},
		{"kakaopay/alipay/copy of ALIPAY_D_20190101.csv.gz", "the same bytes as ALIPAY_D_20190101.csv.gz", pipeline.Duplicate},
		{"kakaopay/alipay/ALIPAY_D_20220301_v1.csv.gz", "replaced by ALIPAY_D_20220301.csv.gz: the sender corrected it", pipeline.Superseded},
	}
	for _, a := range aside {
		m.Files = append(m.Files, pipeline.Receipt{Source: src.Source, Path: a.path, SHA256: hexSum([]byte(a.path)), Bytes: 120_334_101,
			Status: a.status, Reason: a.reason, NameDay: pipeline.NoDay, Counts: pipeline.Counts{Records: 18_204_331, Accepted: 18_204_331}})
		src.Files[a.status]++
	}
	m.Sources = []pipeline.SourceStatus{src, {Source: "customers", Kind: pipeline.Customers, Sender: "kakaopay", Files: map[pipeline.Status]int{pipeline.Loaded: 3, pipeline.Superseded: 2},
		Counts: pipeline.Counts{Records: 41_002_117, Accepted: 41_002_114, Rejected: 3}, Reasons: map[string]int64{"stray quote": 3}}}
	s.tables[0].Rows = nil
	for d := m.Span.From; d <= m.Span.To; d++ {
		if n, ok := months[d.Month()]; ok {
			s.tables[0].Rows = append(s.tables[0].Rows, []any{d.Month(), n})
			delete(months, d.Month())
		}
	}
}
