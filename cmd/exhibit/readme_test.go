package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exhibit/pipeline"
	"exhibit/pipeline/catalog"
	"exhibit/sql"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the parts of README.md that are made from the program")

// readmePart compares a part of README.md, which lies between two comments,
// with what the program says, or replaces it where -update is given.
func readmePart(t *testing.T, path, start, end, want string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), start)
	comment, rest, ok2 := strings.Cut(rest, "\n")
	have, tail, ok3 := strings.Cut(rest, end)
	if !ok || !ok2 || !ok3 {
		t.Fatalf("README.md has no part from %q to %q", start, end)
	}
	if *update {
		if err := os.WriteFile(path, []byte(head+start+comment+"\n"+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("README.md differs (-program +README); go test ./cmd/exhibit -update rewrites it\n%s", diff)
	}
}

func readme(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// The transcript of README.md is what its commands print.
func TestReadmeTranscript(t *testing.T) {
	path := readme(t)
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var b strings.Builder
	b.WriteString("```console\n")
	for _, c := range []struct {
		args []string
		code int
		show string // how the README writes the arguments, where quotes are needed
		file string // the output goes to a file
	}{
		{args: []string{"demo"}, file: "demo.txt"},
		{args: []string{"figures", "--case", "exhibit-demo", "total_records", "affected_persons", "time_span", "never_paid_overseas", "without_consent"}, code: 3},
		{args: []string{"query", "--case", "exhibit-demo", "SELECT reason, count(*) AS records FROM rejects GROUP BY reason ORDER BY records DESC, reason LIMIT 5"},
			show: `query --case exhibit-demo "SELECT reason, count(*) AS records FROM rejects GROUP BY reason ORDER BY records DESC, reason LIMIT 5"`},
	} {
		if c.show == "" {
			c.show = strings.Join(c.args, " ")
		}
		if c.file != "" {
			c.show += " > " + c.file
		}
		var out, errs bytes.Buffer
		if code := run(c.args, strings.NewReader(""), &out, &errs); code != c.code {
			t.Fatalf("exhibit %s: exit code %d\n%s", c.show, code, errs.String())
		}
		fmt.Fprintf(&b, "$ exhibit %s\n", c.show)
		if c.file == "" {
			b.Write(out.Bytes())
		}
	}
	b.WriteString("```\n")
	readmePart(t, path, "<!-- transcript:", "<!-- end of transcript -->", b.String())
}

// The table of figures in README.md is what the headers of the SQL say.
func TestReadmeFigures(t *testing.T) {
	queries, err := catalog.Load(sql.Files)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| | counts | 한국어 | unit |\n|---|---|---|---|\n")
	named := map[pipeline.QueryKind][]string{}
	for _, q := range queries {
		if q.Kind == pipeline.FigureQuery {
			fmt.Fprintf(&b, "| [`%s`](sql/%s) | %s | %s | %s |\n", q.Name, q.Path, q.Title.En, q.Title.Ko, q.Unit)
		}
		named[q.Kind] = append(named[q.Kind], "`"+q.Name+"`")
	}
	fmt.Fprintf(&b, "\nFindings, one row a person, kept in the case: %s.\n", strings.Join(named[pipeline.FindingQuery], " "))
	fmt.Fprintf(&b, "Tables: %s.\nChecks: %s.\n", strings.Join(named[pipeline.TableQuery], " "), strings.Join(named[pipeline.CheckQuery], " "))
	readmePart(t, readme(t), "<!-- figures:", "<!-- end of figures -->", b.String())
}

func TestReadmeIsShort(t *testing.T) {
	data, err := os.ReadFile(readme(t))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(data, []byte("\n")); n > 200 {
		t.Errorf("README.md has %d lines; 200 is the most", n)
	}
}
