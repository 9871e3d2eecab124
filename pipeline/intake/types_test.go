package intake

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"exhibit/pipeline"
)

func mustColumn(t testing.TB, f pipeline.Field) *column {
	t.Helper()
	c, err := compileColumn(&f, &pipeline.Schema{MissingValues: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What each type accepts and how it reads, and what it must not accept though a
// lenient reader would.
func TestTypes(t *testing.T) {
	day := func(s string) int64 {
		d, err := time.Parse("2006-01-02", s)
		if err != nil {
			t.Fatal(err)
		}
		return d.Unix() / 86400
	}
	micros := func(s string) int64 {
		d, err := time.Parse("2006-01-02 15:04:05.999999", s)
		if err != nil {
			t.Fatal(err)
		}
		return d.UnixMicro()
	}
	kept := func(kind, format string, change ...func(*pipeline.Field)) pipeline.Field {
		return field("x", kind, pipeline.RoleAttribute, append(change, func(f *pipeline.Field) { f.Format = format })...)
	}
	scale := func(n int) func(*pipeline.Field) { return func(f *pipeline.Field) { f.Scale = n } }
	korean := func(f *pipeline.Field) { f.Group = ","; f.Scale = 2 }
	german := func(f *pipeline.Field) { f.Group = "."; f.Decimal = ","; f.Scale = 2 }
	symbols := func(f *pipeline.Field) { f.BareNumber = false; f.Scale = 2; f.Group = "," }
	for _, c := range []struct {
		name  string
		field pipeline.Field
		good  map[string]int64
		bad   string // separated by |
		why   reason
	}{
		{"integer", kept("integer", ""), map[string]int64{"0": 0, "-5": -5, "+7": 7, "007": 7, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63},
			"|1.5|1e3|0x10|1_000| 1|1 |1,000|--1|+|٣|１", notAnInteger},
		{"integer grouped", kept("integer", "", func(f *pipeline.Field) { f.Group = "," }), map[string]int64{"1,000": 1000, "-12,345,678": -12345678, "1000": 1000},
			"1,00|,100|1000,000|1,,000|1,000,|12,3456", notAnInteger},
		{"number", kept("number", "", scale(2)), map[string]int64{"1": 100, "1.5": 150, "-0.05": -5, "+.5": 50, "1.": 100, "1.5E3": 150000, "12e-1": 120, "0": 0, "9999999999999999.99": 999999999999999999},
			"|NaN|INF|-inf|1,5|0x1p3|1_0| 1|1 |.|-|e5|1e|1e+|1.2.3|Infinity", notANumber},
		{"number scale", kept("number", "", scale(2)), nil, "1.255|1.000|1e-3", scaleExceeded},
		{"number without scale", kept("number", ""), map[string]int64{"15": 15}, "1.5|1.0", scaleExceeded},
		{"number range", kept("number", "", scale(2)), nil, "10000000000000000|1e17|1E2147483648", outOfRange},
		{"number korean", kept("number", "", korean), map[string]int64{"1,234,567.89": 123456789, "1234567.89": 123456789, "-1,234": -123400},
			"1,23|12,34,567|1,234,56.7|1.234,5|,123", notANumber},
		{"number german", kept("number", "", german), map[string]int64{"1.234.567,89": 123456789, "0,5": 50}, "1,234.5|1.23", notANumber},
		{"number with symbols", kept("number", "", symbols), map[string]int64{"€95": 9500, "$ 1,000.50": 100050, "95 %": 9500, "KRW 1000": 100000, "1000원": 100000, "-5 EUR": -500},
			"(5)|5-|5k|1000만|5 won|−5|EUR", notANumber},
		{"boolean", kept("boolean", ""), map[string]int64{"true": 1, "FALSE": 0, "1": 1, "0": 0}, "yes|tRUE|2||Y", notABoolean},
		{"boolean own", kept("boolean", "", func(f *pipeline.Field) { f.True, f.False = []string{"예"}, []string{"아니오"} }), map[string]int64{"예": 1, "아니오": 0}, "true|0", notABoolean},
		{"date", kept("date", ""), map[string]int64{"1970-01-01": 0, "2024-02-29": day("2024-02-29"), "0001-01-01": day("0001-01-01"), "9999-12-31": day("9999-12-31"), "1900-03-01": day("1900-03-01")},
			"2024-1-1|2024/01/01|2024-01-01 |2024-01-01T00:00:00|24-01-01|2023-02-29|1900-02-29|2024-02-30|2024-13-01|2024-00-01|0000-01-01|infinity|epoch|10000-01-01|2024-01-01 (BC)|+2024-01-01", notADate},
		{"date compact", kept("date", "%Y%m%d"), map[string]int64{"20180401": day("2018-04-01")}, "2018-04-01|2018041|201804011|20180431|2018 401", notADate},
		{"date two-digit year", kept("date", "%d.%m.%y"), map[string]int64{"01.04.18": day("2018-04-01"), "31.12.69": day("1969-12-31"), "31.12.68": day("2068-12-31"), "01.01.00": day("2000-01-01")},
			"1.4.18|01.04.2018", notADate},
		{"date month name", kept("date", "%d-%b-%Y"), map[string]int64{"01-APR-2018": day("2018-04-01"), "01-Apr-2018": day("2018-04-01")}, "01-April-2018|01-XXX-2018|1-APR-2018", notADate},
		{"date day of year", kept("date", "%Y%j"), map[string]int64{"2018001": day("2018-01-01"), "2020366": day("2020-12-31")}, "2018366|2018000|20181", notADate},
		{"datetime", kept("datetime", ""), map[string]int64{"2018-04-01T10:11:12": micros("2018-04-01 10:11:12"), "2018-04-01T10:11:12Z": micros("2018-04-01 10:11:12"), "2018-04-01T10:11:12.5": micros("2018-04-01 10:11:12.5"), "1969-12-31T23:59:59.999999Z": -1},
			"2018-04-01|2018-04-01 10:11:12|2018-04-01T10:11|2018-04-01T10:11:12+09:00|2018-04-01T10:11:12+00:00|2018-04-01T24:00:00|2018-04-01T10:11:60|2018-04-01T10:11:12.|2018-04-01T10:11:12.1234567|2018-04-01T10:11:12ZZ", notADatetime},
		{"datetime own", kept("datetime", "%Y-%m-%d %I:%M %p"), map[string]int64{"2018-04-01 12:05 AM": micros("2018-04-01 00:05:00"), "2018-04-01 12:05 pm": micros("2018-04-01 12:05:00")}, "2018-04-01 13:05 PM|2018-04-01 00:05 AM|2018-04-01 12:05", notADatetime},
		{"time", kept("time", ""), map[string]int64{"00:00:00": 0, "23:59:59": 86399e6}, "24:00:00|23:59|1:00:00|23:59:60|12:00:00Z", notATime},
		{"year", kept("year", ""), map[string]int64{"2018": 2018, "0001": 1}, "18|02018|0000|-2018|2018.0", notAYear},
		{"yearmonth", kept("yearmonth", ""), map[string]int64{"2018-04": 2018*12 + 3}, "2018-4|201804|2018-13|2018-00|2018-04-01", notAYearmonth},
		{"duration", kept("duration", ""), map[string]int64{"P1Y": 0, "P1Y2M3DT4H5M6.7S": 0, "-PT1S": 0}, "P|PT|P1YT|1Y|P1D2Y|P1.5D|PT1.S|P-1D|P1", notADuration},
		{"email", kept("string", "email"), map[string]int64{"kim@example.com": 0, `"k im"@example.com`: 0, "김@예시.한국": 0, "a+b.c@x-y.kr": 0},
			"kim|@example.com|kim@|kim@.com|k im@example.com|Kim <kim@example.com>|a..b@example.com|kim@-x.com|kim@example.com ", notAString},
		{"uri", kept("string", "uri"), map[string]int64{"https://example.com/a?b=c": 0, "urn:isbn:1": 0}, "example.com|/a|http://exa mple.com|:x", notAString},
		{"uuid", kept("string", "uuid"), map[string]int64{"0f8fad5b-d9cb-469f-a165-70867728950E": 0}, "0f8fad5bd9cb469fa16570867728950e|{0f8fad5b-d9cb-469f-a165-70867728950e}|0g8fad5b-d9cb-469f-a165-70867728950e", notAString},
		{"binary", kept("string", "binary"), map[string]int64{"aGVsbG8=": 0, "": 0}, "aGVsbG8|aGVs bG8=|aGVsbG9=|%", notAString},
		{"object", kept("object", ""), map[string]int64{`{"a":[1]}`: 0, " {} ": 0}, `[]|{"a"}|{}x|null|`, notAnObject},
		{"array", kept("array", ""), map[string]int64{`[1,{"a":2}]`: 0}, `{}|[1,]|1`, notAnArray},
		{"geopoint", kept("geopoint", ""), map[string]int64{"90.50, 45.50": 0, "-180,90": 0}, "90.5|181,0|0,90.1|a,b|1,2,3|1 ,2", notAGeopoint},
		{"geopoint object", kept("geopoint", "object"), map[string]int64{`{"lon": 90, "lat": 45}`: 0}, `{"lon": 90}|{"lon": 190, "lat": 45}|[1,2]|{"lon": "x", "lat": 1}`, notAGeopoint},
		{"geojson", kept("geojson", ""), map[string]int64{`{"type":"Feature"}`: 0}, `{"type":"Topology"}|{}|{"type":1}|"Point"`, notAGeojson},
		{"topojson", kept("geojson", "topojson"), map[string]int64{`{"type":"Topology"}`: 0}, `{"type":"Point"}`, notAGeojson},
	} {
		t.Run(c.name, func(t *testing.T) {
			col := mustColumn(t, c.field)
			for text, want := range c.good {
				var v value
				if r := col.check([]byte(text), &v); r != fine || v.number != want {
					t.Errorf("%q: %s, %d; want %d", text, r, v.number, want)
				}
			}
			for _, text := range strings.Split(c.bad, "|") {
				var v value
				if r := col.check([]byte(text), &v); r != c.why {
					t.Errorf("%q: %q, want %q", text, r, c.why)
				}
			}
		})
	}
}

func TestConstraints(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   string
		change func(*pipeline.Field)
		good   string
		bad    string
		why    reason
	}{
		{"integer bounds", "integer", func(f *pipeline.Field) { f.Minimum, f.Maximum = "-5", "10" }, "-5|0|10|+10", "-6|11|99999999999999999999|-99999999999999999999", outOfRange},
		{"number bounds", "number", func(f *pipeline.Field) { f.Minimum, f.Maximum = "-0.5", "1e2" }, "-0.5|-0.50|0|100.0|99.999", "-0.51|100.0001|1e3|NaN|INF|-1", outOfRange},
		{"date bounds", "date", func(f *pipeline.Field) { f.Minimum, f.Maximum = "2018-01-01", "2018-12-31" }, "2018-01-01|2018-12-31", "2017-12-31|2019-01-01", outOfRange},
		{"year bounds", "year", func(f *pipeline.Field) { f.Minimum = "2018" }, "2018", "2017", outOfRange},
		{"time bounds", "time", func(f *pipeline.Field) { f.Maximum = "12:00:00" }, "12:00:00", "12:00:01", outOfRange},
		{"big identifier", "integer", func(f *pipeline.Field) { f.Minimum = "0" }, "99999999999999999999", "-1|-99999999999999999999", outOfRange},
		{"length", "string", func(f *pipeline.Field) { f.MinLength = 2 }, "가나|abc", "가|a", tooShort},
		{"array length", "array", func(f *pipeline.Field) { f.MaxLength = 2 }, `[]|[1]|[[1,2,3],"a,b"]`, `[1,2,3]|[[],[],{}]`, tooLong},
		{"object length", "object", func(f *pipeline.Field) { f.MinLength = 1 }, `{"a":[1,2]}|{"\"":1}`, `{}`, tooShort},
		{"list length", "list", func(f *pipeline.Field) { f.MaxLength = 2 }, "a|a,b", "a,b,c", tooLong},
		{"enum text", "string", func(f *pipeline.Field) { f.Enum = []string{"a", "b"} }, "a|b", "A|c| a", notInEnum},
		{"enum integer", "integer", func(f *pipeline.Field) { f.Enum = []string{"1", "2"} }, "1|2|+2|01", "3|0", notInEnum},
		{"pattern", "string", func(f *pipeline.Field) { f.Pattern = "a|ab" }, "a|ab", "b|abc|xa", patternMismatch},
		{"pattern whole lines", "string", func(f *pipeline.Field) { f.Pattern = "(?m)^a$" }, "a", "a\nb|b\na", patternMismatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			col := mustColumn(t, field("x", c.kind, pipeline.RoleIdentifier, c.change))
			for _, text := range strings.Split(c.good, "|") {
				if r := col.check([]byte(text), &value{}); r != fine {
					t.Errorf("%q: %s", text, r)
				}
			}
			for _, text := range strings.Split(c.bad, "|") {
				if r := col.check([]byte(text), &value{}); r != c.why {
					t.Errorf("%q: %q, want %q", text, r, c.why)
				}
			}
		})
	}
}

// The table matcher gives what the general one gives.
func TestPatternAgainstRegexp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	fast := 0
	for _, text := range []string{"[0-9a-f]{64}", "[0-9]{2,4}", "A[0-9]+", "[A-Z]{3}-?[0-9]{4}", "[ab]*c", "^x[0-9]$", "(ab)c", "a.c", "[^,]+", "가나",
		"(?i)abc", "a+b+", "a|b", "a{0}", "", "x?", "[a-c]{2}[0-9]{1,}z", "(?s).*", `\d{3}`, `\w+`, `a\.b`} {
		p, err := compilePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		if p.parts != nil {
			fast++
		}
		re := regexp.MustCompile(`\A(?:` + text + `)\z`)
		for range 3000 {
			b := make([]byte, rnd.IntN(7))
			for i := range b {
				b[i] = "abcABC0129xz-.,\nf가"[rnd.IntN(19)]
			}
			if got, want := p.match(b), re.Match(b); got != want {
				t.Fatalf("%q on %q: %v, want %v", text, b, got, want)
			}
		}
	}
	if fast < 10 {
		t.Errorf("only %d patterns are matched by a table", fast)
	}
	p, err := compilePattern("[0-9a-f]{64}")
	if err != nil || p.parts == nil || !p.match([]byte(strings.Repeat("0a", 32))) || p.match([]byte(strings.Repeat("0a", 32)+"0")) {
		t.Error("64 hexadecimal digits", err)
	}
}

// Go's calendar and ours agree on every day of 800 years.
func TestCalendar(t *testing.T) {
	at := time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 800 * 366 {
		y, m, d := at.Date()
		if got := daysFrom(y, int(m), d); got != int64(pipeline.DayOf(at)) {
			t.Fatalf("%v: %d", at, got)
		}
		at = at.AddDate(0, 0, 1)
	}
}

// Mistakes in a layout are errors before any file is read, and name the field.
func TestCheck(t *testing.T) {
	for name, change := range map[string]func(*pipeline.Source){
		"field note: pattern":          func(s *pipeline.Source) { s.Schema.Fields[1].Pattern = "(" },
		"field note: minimum":          func(s *pipeline.Source) { s.Schema.Fields[1].Minimum = "1" },
		"field note: type \"x\"":       func(s *pipeline.Source) { s.Schema.Fields[1].Type = "x" },
		"field note: format any":       func(s *pipeline.Source) { s.Schema.Fields[1].Type, s.Schema.Fields[1].Format = "date", "any" },
		"field note: format \"%Y-%m\"": func(s *pipeline.Source) { s.Schema.Fields[1].Type, s.Schema.Fields[1].Format = "date", "%Y-%m" },
		"field note: format \"%Y %z\"": func(s *pipeline.Source) { s.Schema.Fields[1].Type, s.Schema.Fields[1].Format = "date", "%Y %z" },
		"field note: enum":             func(s *pipeline.Source) { s.Schema.Fields[1].Type, s.Schema.Fields[1].Enum = "integer", []string{"x"} },
		"field note: values": func(s *pipeline.Source) {
			s.Schema.Fields[1].Type, s.Schema.Fields[1].Values = "integer", map[string]string{"1": "x"}
		},
		"field id stands twice":      func(s *pipeline.Source) { s.Schema.Fields[1].Name = "id" },
		"encoding \"koi8\"":          func(s *pipeline.Source) { s.Encoding = "koi8" },
		"delimiter":                  func(s *pipeline.Source) { s.Dialect.Delimiter = 'a' },
		"transfers need a date":      func(s *pipeline.Source) { s.Date.Fixed = pipeline.NoDay },
		"no field has the role date": func(s *pipeline.Source) { s.Date = pipeline.DateRule{FromField: true} },
		"no group for the day":       func(s *pipeline.Source) { s.Date = pipeline.DateRule{FromName: true, Pattern: "x", Format: "%Y%m%d"} },
		"must be of type date":       func(s *pipeline.Source) { s.Kind, s.Schema.Fields[1].Role = pipeline.Customers, pipeline.RoleJoined },
		"format \"ods\"":             func(s *pipeline.Source) { s.Format = "ods" },
		"transfers are not read":     func(s *pipeline.Source) { s.Format = "xlsx" },
		"encoding utf-16":            func(s *pipeline.Source) { s.Format, s.Encoding = "fixed", "utf-16" },
		"no place in a line":         func(s *pipeline.Source) { s.Format = "fixed" },
		"fields id and note overlap": func(s *pipeline.Source) { *s = *fixedPlain(); s.Schema.Fields[1].Start = 3 },
	} {
		s := plain()
		change(s)
		if err := Check(s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %s", err, name)
		}
	}
	if err := Check(plain()); err != nil {
		t.Error(err)
	}
}
