package casefile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// field is a field with the defaults of its type, and what changes them.
func field(line int, name, typ string, role pipeline.Role, changes ...func(*pipeline.Field)) pipeline.Field {
	f := pipeline.Field{Name: name, Type: typ, Role: role, Line: line, Personal: true, Scale: -1,
		Needed:      pipeline.Needed{Until: pipeline.NoDay},
		Constraints: pipeline.Constraints{MinLength: -1, MaxLength: -1}}
	switch typ {
	case "number":
		f.Decimal, f.BareNumber = ".", true
	case "integer":
		f.BareNumber = true
	case "boolean":
		f.True, f.False = []string{"true", "True", "TRUE", "1"}, []string{"false", "False", "FALSE", "0"}
	}
	for _, change := range changes {
		change(&f)
	}
	return f
}

func identifies(what string) func(*pipeline.Field) {
	return func(f *pipeline.Field) { f.Identifies = what }
}
func format(x string) func(*pipeline.Field) { return func(f *pipeline.Field) { f.Format = x } }
func scale(n int) func(*pipeline.Field)     { return func(f *pipeline.Field) { f.Scale = n } }
func required(f *pipeline.Field)            { f.Required = true }
func unique(f *pipeline.Field)              { f.Unique = true }
func never(f *pipeline.Field)               { f.Needed.Never = true }

func neededUntil(day pipeline.Day) func(*pipeline.Field) {
	return func(f *pipeline.Field) { f.Needed.Until = day }
}

func values(pairs ...string) func(*pipeline.Field) {
	return func(f *pipeline.Field) {
		f.Values = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			f.Values[pairs[i]] = pairs[i+1]
		}
	}
}

// source is a source with the defaults.
func source(line, filesLine int, name string, kind pipeline.Kind, sender, files string, fields []pipeline.Field, changes ...func(*pipeline.Source)) pipeline.Source {
	s := pipeline.Source{Name: name, Kind: kind, Sender: sender, Files: files, Line: line, FilesLine: filesLine,
		Date: pipeline.DateRule{Fixed: pipeline.NoDay}, AsOf: pipeline.DateRule{Fixed: pipeline.NoDay},
		Format: "csv", Encoding: "utf-8", Dialect: pipeline.Dialect{Delimiter: ',', Quote: '"', DoubleQuote: true, Header: true},
		Schema: pipeline.Schema{Fields: fields, MissingValues: []string{""}}}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func sent(recipient, country, purpose string, date pipeline.DateRule) func(*pipeline.Source) {
	return func(s *pipeline.Source) {
		s.Recipient = pipeline.Recipient{Name: recipient, Country: country, FromField: recipient == ""}
		s.Purpose, s.Date = purpose, date
	}
}

func fromName(pattern, format string) pipeline.DateRule {
	return pipeline.DateRule{FromName: true, Fixed: pipeline.NoDay, Pattern: pattern, Format: format}
}

func fromField() pipeline.DateRule { return pipeline.DateRule{FromField: true, Fixed: pipeline.NoDay} }

func fromBoth(pattern, format string) pipeline.DateRule {
	d := fromName(pattern, format)
	d.FromField = true
	return d
}

func day(t *testing.T, s string) pipeline.Day {
	t.Helper()
	d, err := pipeline.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// expectCase loads a file and compares it with want, whose Path and SHA256 are
// filled in here. A file that is not there skips the test where that may be.
func expectCase(t *testing.T, path string, mayMiss bool, want *pipeline.Case) {
	t.Helper()
	data, err := os.ReadFile(path)
	if mayMiss && errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	want.Path, want.SHA256 = path, hex.EncodeToString(sum[:])
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if err := broken(got); err != nil {
		t.Error(err)
	}
}

func TestFullExample(t *testing.T) {
	dialect := pipeline.Dialect{Delimiter: '\t', Quote: '\'', Escape: '\\', SkipLines: 3, LineTerminator: "\r\n", SkipInitialSpace: true, Comment: '#'}
	deliveries := source(13, 18, "deliveries", pipeline.Transfers, "south-bank", "남쪽/[a-z]*.csv.zst", []pipeline.Field{
		field(30, "no", "string", "account", identifies("account"), required, unique, func(f *pipeline.Field) {
			f.Constraints.Pattern, f.MinLength, f.MaxLength = "[0-9]{4}", 4, 4
		}),
		field(31, "2", "datetime", "date", format("%d/%b/%Y %H:%M:%S.%f")),
		field(32, "to", "string", "recipient"),
		field(33, "land", "string", "recipient_country"),
		field(34, "전화", "string", "identifier", identifies("phone"), neededUntil(day(t, "2020-02-29"))),
		field(35, "mail", "string", "identifier", format("email"), never, func(f *pipeline.Field) { f.Personal = false }),
		field(36, "price", "number", "attribute", scale(2), func(f *pipeline.Field) {
			f.Decimal, f.Group, f.BareNumber = ",", ".", false
			f.Minimum, f.Maximum, f.Enum = "1.000,50", "2.000,00", []string{"1.000,50"}
		}),
		field(38, "pieces", "integer", "attribute", func(f *pipeline.Field) {
			f.Group, f.Missing, f.Minimum, f.Maximum = " ", []string{}, "-5", "5"
		}),
		field(39, "ok", "boolean", "ignore", func(f *pipeline.Field) {
			f.True, f.False, f.Enum = []string{"Y", "yes"}, []string{"N", "no"}, []string{"Y"}
		}),
		field(40, "flag", "boolean", "attribute"),
	}, sent("", "", "delivery", fromBoth(`(\d{6})`, "%y%m%d")), func(s *pipeline.Source) {
		s.Parts, s.Cadence, s.Encoding, s.NewFields, s.Dialect = true, "daily", "cp949", "record", dialect
		s.Control = &pipeline.ControlTotals{Files: "control/*.txt", Records: 1, Line: 22}
		s.Schema.MissingValues = []string{"", "NULL", "-"}
	})
	expectCase(t, "testdata/full.yaml", false, &pipeline.Case{
		Name: "full_2020", Title: pipeline.Text{En: "Everything in one file"},
		Span: pipeline.DayRange{From: day(t, "2020-01-01"), To: day(t, "2020-12-31")},
		// deliveries has a day of its own, lines the one of its sender.
		Stopped:     map[string]pipeline.Day{"deliveries": day(t, "2020-07-31"), "lines": day(t, "2020-06-30")},
		Population:  pipeline.Population{Persons: 51_000_000, Source: "register, 2020"},
		Definitions: pipeline.Definitions{OverseasPayment: "any", Holders: "all", Outsourcing: "exempt", UnneededSince: day(t, "2020-03-01")},
		HomeCountry: "KR",
		Limits:      pipeline.Limits{BulkTimes: 5},
		Sources: []pipeline.Source{
			deliveries,
			source(41, 45, "lines", pipeline.Transfers, "south-bank", "lines.txt", []pipeline.Field{
				field(51, "day", "date", "date", format("%Y%j"), func(f *pipeline.Field) { f.Width, f.Minimum = 7, "2020001" }),
				field(52, "id", "string", "account", func(f *pipeline.Field) { f.Start, f.Width, f.Trim = 7, 10, true }),
			}, sent("Scorer & Sons", "SG", "", fromField()), func(s *pipeline.Source) {
				s.Format, s.Encoding, s.Dialect.Header = "fixed", "latin-1", false
			}),
			source(53, 56, "people", pipeline.Customers, "south-bank", "people/*.parquet", []pipeline.Field{
				field(59, "id", "string", "account"), field(59, "who", "string", "person"), field(59, "left", "date", "withdrawn"),
				field(60, "born", "year", "attribute", func(f *pipeline.Field) { f.Minimum = "1900" }),
				field(60, "home", "geopoint", "ignore", format("array")),
			}, func(s *pipeline.Source) {
				s.Format, s.AsOf = "parquet", fromName(`_(\d{4}-\d\d-\d\d)`, "%Y-%m-%d")
			}),
			source(61, 64, "permits", pipeline.Consents, "south-bank", "permits.csv", []pipeline.Field{
				field(67, "id", "string", "account"),
				field(67, "what", "string", "consent", values("1", "third_party", "null", "overseas")),
				field(68, "since", "date", "from"),
			}, func(s *pipeline.Source) {
				s.Encoding, s.Dialect.Quote, s.Dialect.DoubleQuote = "utf-16le", 0, false
			}),
			source(69, 72, "papers", pipeline.Contracts, "south-bank", "papers.xlsx", []pipeline.Field{
				field(75, "basis", "string", "basis", values("a", "outsourcing")), field(75, "since", "date", "from"), field(75, "thing", "string", "field"),
			}, func(s *pipeline.Source) { s.Format, s.Dialect.SkipLines = "xlsx", 2 }),
			source(76, 79, "spent", pipeline.OverseasPayments, "south-bank", "spent.csv", []pipeline.Field{
				field(81, "id", "string", "account"), field(81, "day", "datetime", "paid"), field(81, "sum", "number", "amount", scale(4)),
			}, func(s *pipeline.Source) { s.Encoding = "windows-1252" }),
		},
		Claims: []pipeline.Claim{{ID: "a", Text: "51 million", Line: 83}, {ID: "b", Text: "half", Figure: "time_span", Source: "paper", Line: 84}},
	})
}

// The case.yaml of exhibit init is valid as it stands, and as a user's own.
func TestStarter(t *testing.T) {
	c, err := Parse(Starter(), "case.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []pipeline.Kind
	for _, s := range c.Sources {
		kinds = append(kinds, s.Kind)
	}
	if diff := cmp.Diff([]pipeline.Kind{pipeline.Transfers, pipeline.Customers, pipeline.OverseasPayments}, kinds); diff != "" {
		t.Error(diff)
	}
	if err := broken(c); err != nil {
		t.Error(err)
	}
	b := Starter()
	b[0] = 'x'
	if Starter()[0] != '#' {
		t.Error("the caller's bytes are the package's")
	}
}
