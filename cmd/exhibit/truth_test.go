package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"exhibit/fixtures"
	"exhibit/pipeline"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// exhibit runs the program in this process and gives its exit code and streams.
func exhibit(args ...string) (int, string, string) {
	var out, errs bytes.Buffer
	code := run(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// generated makes a case and gives its folder and its truth.
func generated(t *testing.T, spec fixtures.Spec) (string, *fixtures.Truth) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	truth, err := fixtures.Generate(spec, dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, truth
}

// sealed is what the last run of a case says.
type sealed struct {
	pipeline.Manifest
	figures  pipeline.FiguresFile
	checks   pipeline.ChecksFile
	tables   pipeline.TablesFile
	findings pipeline.FindingsFile
}

func readRun(t *testing.T, dir, id string) sealed {
	t.Helper()
	var s sealed
	for name, into := range map[string]any{"run.json": &s.Manifest, "figures.json": &s.figures, "checks.json": &s.checks,
		"tables.json": &s.tables, "findings.json": &s.findings} {
		data, err := os.ReadFile(filepath.Join(dir, "runs", id, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return s
}

// Generated cases of several sizes and seeds give the truth: every figure by
// every reading, every check, every source, every file, every reject.
func TestGeneratedCasesGiveTheTruth(t *testing.T) {
	specs := []fixtures.Spec{
		fixtures.MiniSpec(),
		{Seed: 1, Persons: 30, Days: 12, Senders: 1, Traps: fixtures.DefaultTraps()},
		{Seed: 2, Persons: 200, Days: 40, Senders: 3, OverseasPayment: "any", Holders: "all", Traps: fixtures.DefaultTraps()},
		{Seed: 3, Persons: 60, Days: 33, Senders: 2, Traps: fixtures.Traps{}},
		{Seed: 4, Persons: 90, Days: 20, Senders: 3, Traps: failing()},
	}
	for _, spec := range specs {
		t.Run(fmt.Sprintf("seed %d", spec.Seed), func(t *testing.T) {
			dir, truth := generated(t, spec)
			code, _, errs := exhibit("run", "--case", dir)
			if code != 0 && code != 3 {
				t.Fatalf("exit code %d: %s", code, errs)
			}
			s := readRun(t, dir, "run-0001")
			if want := map[bool]int{true: 0, false: 3}[s.Complete]; code != want {
				t.Errorf("exit code %d of a run that is complete: %v", code, s.Complete)
			}
			compareFigures(t, truth, s)
			compareChecks(t, truth, s)
			compareSources(t, truth, s)
			compareFiles(t, truth, s)
			compareRejects(t, truth, dir)
			compareTables(t, truth, s)
			compareFindings(t, truth, dir)
			noPersonalData(t, dir)
		})
	}
}

// failing plants what makes checks fail.
func failing() fixtures.Traps {
	traps := fixtures.DefaultTraps()
	traps.WrongControl, traps.OutsideSpan, traps.OverLongBytes, traps.Rejects = 1, 2, 2_200_000, 0.3
	return traps
}

func compareFigures(t *testing.T, truth *fixtures.Truth, s sealed) {
	t.Helper()
	own := truth.Own()
	if len(s.figures.Figures) < len(own.Figures) {
		t.Errorf("%d figures of %d", len(s.figures.Figures), len(own.Figures))
	}
	for _, f := range s.figures.Figures {
		want := own.Figure(f.Name)
		if want == nil {
			continue
		}
		if diff := gocmp.Diff(jsonOf(t, want), jsonOf(t, f.Values)); diff != "" {
			t.Errorf("%s (-truth +computed):\n%s", f.Name, diff)
		}
		for _, other := range f.OtherReadings {
			payment, holders := truth.OverseasPayment, truth.Holders
			switch other.Definition {
			case "overseas_payment":
				payment = other.Reading
			case "holders":
				holders = other.Reading
			default:
				t.Errorf("%s: a reading of %q", f.Name, other.Definition)
			}
			want := truth.Reading(payment, holders).Figure(f.Name)
			if diff := gocmp.Diff(jsonOf(t, want), jsonOf(t, other.Values)); diff != "" {
				t.Errorf("%s by %s: %s (-truth +computed):\n%s", f.Name, other.Definition, other.Reading, diff)
			}
		}
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func compareChecks(t *testing.T, truth *fixtures.Truth, s sealed) {
	t.Helper()
	for _, want := range truth.Checks {
		at := slices.IndexFunc(s.checks.Checks, func(c pipeline.CheckResult) bool { return c.Name == want.Name })
		if at < 0 {
			t.Errorf("check %s did not run", want.Name)
			continue
		}
		if c := s.checks.Checks[at]; c.Passed != want.Passed || c.Rows != want.Rows {
			t.Errorf("check %s: passed %v with %d rows, truth %v with %d: %v", c.Name, c.Passed, c.Rows, want.Passed, want.Rows, c.First)
		}
	}
}

func compareSources(t *testing.T, truth *fixtures.Truth, s sealed) {
	t.Helper()
	for _, have := range s.Sources {
		want := truth.Source(have.Source)
		if want == nil {
			t.Errorf("source %s is not in the truth", have.Source)
			continue
		}
		got := fixtures.Source{Name: have.Source, Kind: have.Kind, Files: have.Files, Counts: fixtures.Counts(have.Counts), Reasons: have.Reasons,
			Expected: have.DaysExpected, Covered: have.DaysCovered, Missing: have.Missing, Days: have.Days}
		if diff := gocmp.Diff(*want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("source %s (-truth +computed):\n%s", have.Source, diff)
		}
	}
}

func compareFiles(t *testing.T, truth *fixtures.Truth, s sealed) {
	t.Helper()
	have := map[string]pipeline.Receipt{}
	for _, r := range s.Files {
		have[r.Path] = r
		if r.Records != r.Accepted+r.Rejected {
			t.Errorf("%s: %d records, %d accepted, %d rejected", r.Path, r.Records, r.Accepted, r.Rejected)
		}
	}
	if len(have) != len(truth.Files) {
		t.Errorf("%d files of %d have a receipt", len(have), len(truth.Files))
	}
	for _, want := range truth.Files {
		r := have[want.Path]
		if r.Status != want.Status || r.SHA256 != want.SHA256 || r.Bytes != want.Bytes {
			t.Errorf("%s (%s): %s (%s), %d bytes; truth %s, %d bytes", want.Path, want.Why, r.Status, r.Reason, r.Bytes, want.Status, want.Bytes)
		}
		if want.Status != pipeline.Loaded && want.Status != pipeline.Held {
			continue
		}
		if src := truth.Source(want.Source); src.Kind != pipeline.Transfers {
			want.Day = r.NameDay // the truth knows no day of a customer table
		}
		if r.NameDay != want.Day || fixtures.Counts(r.Counts) != want.Counts {
			t.Errorf("%s: day %s, %+v; truth %s, %+v", want.Path, r.NameDay, r.Counts, want.Day, want.Counts)
		}
		if diff := gocmp.Diff(want.Reasons, r.Reasons, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: reasons (-truth +computed):\n%s", want.Path, diff)
		}
	}
}

// compareRejects compares the place and reason of every rejected record.
func compareRejects(t *testing.T, truth *fixtures.Truth, dir string) {
	t.Helper()
	var want []string
	for _, f := range truth.Files {
		if f.Status == pipeline.Loaded {
			for _, r := range f.Rejects {
				want = append(want, fmt.Sprintf("%s,%d,%d,%d,%d,%s,%s", f.SHA256[:12], r.Record, r.Line, r.LastLine, r.Offset, r.Reason, r.Field))
			}
		}
	}
	have := strings.Split(strings.TrimSpace(query(t, dir, "SELECT file_id, record, line, last_line, byte_offset, reason, field FROM rejects")), "\n")[1:]
	slices.Sort(want)
	slices.Sort(have)
	if diff := gocmp.Diff(want, have, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("rejects (-truth +computed):\n%s", diff)
	}
}

func query(t *testing.T, dir, sql string) string {
	t.Helper()
	code, out, errs := exhibit("query", "--case", dir, "--format", "csv", sql)
	if code != 0 {
		t.Fatalf("query: exit code %d: %s", code, errs)
	}
	return out
}

func compareTables(t *testing.T, truth *fixtures.Truth, s sealed) {
	t.Helper()
	want := map[string][][]any{}
	for _, m := range truth.Months {
		want["records_per_month"] = append(want["records_per_month"], []any{float64(m.Month), float64(m.Records)})
	}
	for _, b := range truth.Own().Buckets {
		want["records_per_person"] = append(want["records_per_person"], []any{float64(b.From), float64(b.To), float64(b.Persons), float64(b.Records)})
	}
	for _, table := range s.tables.Tables {
		if rows, ok := want[table.Name]; ok {
			if diff := gocmp.Diff(rows, table.Rows, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("table %s (-truth +computed):\n%s", table.Name, diff)
			}
			delete(want, table.Name)
		}
	}
	for name := range want {
		t.Errorf("table %s was not made", name)
	}
}

// compareFindings compares the instances of each finding as a set: person_key
// is a number of our own, so that records and days stand for a person.
func compareFindings(t *testing.T, truth *fixtures.Truth, dir string) {
	t.Helper()
	s := readRun(t, dir, "run-0001")
	for _, f := range s.findings.Findings {
		want := truth.Own().Finding(f.Name)
		if int(f.Instances) != len(want) {
			t.Errorf("finding %s: %d instances of %d", f.Name, f.Instances, len(want))
		}
	}
	var have []fixtures.Instance
	text := query(t, dir, `SELECT t.records, t.first_date, t.last_date FROM person_totals t
		WHERE NOT EXISTS (SELECT 1 FROM first_payments p CROSS JOIN params x WHERE p.person_key = t.person_key
			AND CASE WHEN x.overseas_payment = 'any' THEN p.first_any ELSE p.first_settled END IS NOT NULL)`)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n")[1:] {
		f := strings.Split(line, ",")
		var x fixtures.Instance
		if _, err := fmt.Sscan(f[0], &x.Records); err != nil {
			t.Fatal(err)
		}
		for i, d := range []*pipeline.Day{&x.First, &x.Last} {
			if err := d.UnmarshalText([]byte(f[i+1])); err != nil {
				t.Fatal(err)
			}
		}
		have = append(have, x)
	}
	slices.SortFunc(have, func(a, b fixtures.Instance) int {
		return cmp.Or(cmp.Compare(a.Records, b.Records), cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	if diff := gocmp.Diff(truth.Own().Finding("never_paid_overseas"), have, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("persons who never paid (-truth +computed):\n%s", diff)
	}
}

// noPersonalData looks for the marks of invented persons, phones and addresses
// where they must not be: in everything but the inbox and the accounts.
func noPersonalData(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == "inbox" {
				return filepath.SkipDir
			}
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, mark := range []string{"010-", "@example"} {
			if bytes.Contains(data, []byte(mark)) && filepath.Base(path) != "case.yaml" {
				t.Errorf("%s holds %q", strings.TrimPrefix(path, dir), mark)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func matches(text, pattern string) bool { return regexp.MustCompile(pattern).MatchString(text) }

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
