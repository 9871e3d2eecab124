package main

import (
	"bytes"
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
	"exhibit/pipeline/duckdb"

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
		fixtures.EveryQuestion(5, 60, 50),
		fixtures.EveryQuestion(6, 60, 50),
		fixtures.EveryQuestion(7, 240, 70),
		otherForms(8),
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

// otherForms delivers the answer to every question as fixed width, JSON Lines,
// Parquet and spreadsheets.
func otherForms(seed uint64) fixtures.Spec {
	spec := fixtures.EveryQuestion(seed, 60, 50)
	spec.Formats, spec.Sheets = [3]string{"fixed", "jsonl", "parquet"}, [3]bool{true, false, true}
	return spec
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
			t.Errorf("%s is not in the truth", f.Name)
			continue
		}
		if diff := gocmp.Diff(jsonOf(t, want), jsonOf(t, f.Values)); diff != "" {
			t.Errorf("%s (-truth +computed):\n%s", f.Name, diff)
		}
		for _, other := range f.OtherReadings {
			by := pipeline.Definitions{OverseasPayment: truth.OverseasPayment, Holders: truth.Holders, Outsourcing: truth.Outsourcing}
			switch other.Definition {
			case "overseas_payment":
				by.OverseasPayment = other.Reading
			case "holders":
				by.Holders = other.Reading
			case "outsourcing":
				by.Outsourcing = other.Reading
			default:
				t.Errorf("%s: a reading of %q", f.Name, other.Definition)
			}
			want := truth.By(by).Figure(f.Name)
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
	want := map[string]string{}
	var months, buckets [][]any
	for _, m := range truth.Months {
		months = append(months, []any{m.Month, m.Records})
	}
	for _, b := range truth.Own().Buckets {
		buckets = append(buckets, []any{b.From, b.To, b.Persons, b.Records})
	}
	want["records_per_month"], want["records_per_person"] = jsonOf(t, months), jsonOf(t, buckets)
	for _, table := range truth.Own().Tables {
		want[table.Name] = jsonOf(t, table.Rows)
	}
	for _, table := range s.tables.Tables {
		rows, ok := want[table.Name]
		if !ok {
			t.Errorf("table %s is not in the truth", table.Name)
		}
		if diff := gocmp.Diff(rows, jsonOf(t, table.Rows)); diff != "" {
			t.Errorf("table %s (-truth +computed):\n%s", table.Name, diff)
		}
		delete(want, table.Name)
	}
	for name := range want {
		t.Errorf("table %s was not made", name)
	}
}

// compareFindings compares the instances of each finding as a multiset:
// person_key is a number of our own, so that records and days stand for a
// person.
func compareFindings(t *testing.T, truth *fixtures.Truth, dir string) {
	t.Helper()
	e, err := duckdb.Open(t.Context(), duckdb.Options{MemoryBytes: 256 << 20, Threads: 1, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s := readRun(t, dir, "run-0001")
	if len(s.findings.Findings) != len(truth.Own().Findings) {
		t.Errorf("%d findings of %d", len(s.findings.Findings), len(truth.Own().Findings))
	}
	for _, f := range s.findings.Findings {
		have := instances(t, e, f.Name, filepath.Join(dir, "runs", "run-0001", "findings", f.Name+".parquet"))
		if diff := gocmp.Diff(truth.Own().Finding(f.Name), have, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("finding %s (-truth +computed):\n%s", f.Name, diff)
		}
	}
}

// instances reads the Parquet of a finding, in the order of the truth.
func instances(t *testing.T, e *duckdb.Engine, name, path string) []fixtures.Instance {
	t.Helper()
	def := pipeline.TableDef{Name: "finding", Columns: []pipeline.Column{{Name: "person_key", Type: "INTEGER"}, {Name: "records", Type: "BIGINT"},
		{Name: "first_date", Type: "DATE"}, {Name: "last_date", Type: "DATE"}}}
	kind := "''"
	if name == "without_consent" {
		def.Columns = append(def.Columns, pipeline.Column{Name: "kind", Type: "VARCHAR"})
		kind = "kind"
	}
	if err := e.Mount(t.Context(), pipeline.Mounted{Def: def, Files: []pipeline.MountedFile{{Path: path}}}); err != nil {
		t.Fatal(err)
	}
	rows, err := e.Select(t.Context(), "SELECT records, first_date, last_date, "+kind+" AS kind FROM finding ORDER BY records, first_date, last_date, kind", 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []fixtures.Instance
	for _, r := range rows.Values {
		out = append(out, fixtures.Instance{Records: r[0].(int64), First: r[1].(pipeline.Day), Last: r[2].(pipeline.Day), Kind: r[3].(string)})
	}
	return out
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
