package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadRefusesWhatIsNotSealed(t *testing.T) {
	change := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, filepath.FromSlash(name))
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
	}
	replace := func(name, old, new string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			data, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(data), old) {
				t.Fatalf("%s holds no %q: %v", name, old, err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name string
		do   func(t *testing.T, dir string)
		want string
	}{
		{"figures", change("figures.json"), "figures.json: SHA-256 is "},
		{"checks", change("checks.json"), "checks.json: SHA-256 is "},
		{"tables", change("tables.json"), "tables.json: SHA-256 is "},
		{"findings", change("findings.json"), "findings.json: SHA-256 is "},
		{"rows of a finding", change("findings/never_paid_overseas.parquet"), "findings/never_paid_overseas.parquet: SHA-256 is "},
		{"sql", change("sql/figure/total_records.sql"), "sql/figure/total_records.sql: SHA-256 is "},
		{"no sql", remove("sql/figure/total_records.sql"), "total_records.sql: no such file"},
		{"no figures", remove("figures.json"), "figures.json: no such file"},
		{"no manifest", remove("run.json"), "run.json: no such file"},
		{"result not named", replace("run.json", `"checks.json"`, `"cheques.json"`), "checks.json: run.json names no SHA-256 for it"},
		{"query not named", replace("run.json", hexSum([]byte(figureSQL("total_records", "SELECT 1 AS total_records"))), hexSum(nil)), "SHA-256 is "},
		{"two manifests", replace("run.json", "{", "{}{"), "run.json: more than one value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := tiny(t)
			s.files = map[string]string{"findings/never_paid_overseas.parquet": "rows"}
			dir := s.seal(t)
			mustLoad(t, dir)
			test.do(t, dir)
			if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// A figure whose SQL the run does not hold cannot be printed.
func TestLoadWantsTheQueryOfEveryResult(t *testing.T) {
	for name, change := range map[string]func(s *sample){
		"figures.json: total_records":        func(s *sample) { s.figures[3].SQLSHA256 = hexSum(nil) },
		"checks.json: missing_day":           func(s *sample) { s.checks[1].SQLSHA256 = hexSum(nil) },
		"tables.json: records_per_month":     func(s *sample) { s.tables[0].SQLSHA256 = "" },
		"findings.json: never_paid_overseas": func(s *sample) { s.findings[0].SQLSHA256 = hexSum(nil) },
	} {
		s := tiny(t)
		change(s)
		if _, err := Load(s.seal(t)); err == nil || !strings.Contains(err.Error(), name+": its SQL ") {
			t.Errorf("error %v, want %q", err, name)
		}
	}
}

// What lies outside the run folder is never read, whatever run.json says.
func TestLoadStaysInTheFolder(t *testing.T) {
	s := tiny(t)
	dir := s.seal(t)
	outside := write(t, filepath.Dir(dir), "outside.json", "x")
	s.manifest.Results["../outside.json"] = hexSum(outside)
	write(t, dir, "run.json", s.manifest)
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "../outside.json") {
		t.Errorf("error %v, want one that names ../outside.json", err)
	}
}

// A count above 2^53 must not pass through a float64.
func TestLoadKeepsEveryDigit(t *testing.T) {
	s := tiny(t)
	s.tables[0].Rows = [][]any{{202402, int64(9_007_199_254_740_993)}}
	r := mustLoad(t, s.seal(t))
	if n, ok := whole(r.Tables[0].Rows[0][1]); !ok || n != 9_007_199_254_740_993 {
		t.Errorf("%v became %d", s.tables[0].Rows[0][1], n)
	}
}
