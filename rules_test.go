// Package exhibit has no code of its own; its test holds the rules of the tree.
package exhibit

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// arrows says which packages of the module a folder may import. Packages under
// pipeline/ do not import each other: Parquet files and the types of package
// pipeline are the only medium between them.
var arrows = map[string][]string{
	".":                      {},
	"cmd/exhibit":            {"pipeline", "pipeline/casefile", "pipeline/catalog", "pipeline/custody", "pipeline/duckdb", "pipeline/intake", "pipeline/lake", "pipeline/strength", "pipeline/tally", "reports", "sql", "fixtures"},
	"pipeline":               {},
	"pipeline/intake":        {"pipeline", "pipeline/intake/gunzip"},
	"pipeline/intake/gunzip": {},
	"pipeline/enginetest":    {"pipeline", "pipeline/catalog", "pipeline/duckdb", "pipeline/tally", "sql"},
	"sql":                    {},
	"fixtures":               {"pipeline"},
	"fixtures/generate":      {"fixtures"},
	"fixtures/bench":         {"pipeline", "pipeline/casefile", "pipeline/custody", "pipeline/duckdb", "pipeline/lake"},
	"reports":                {"pipeline"},
}

// underPipeline is what every other package right under pipeline/ may import.
var underPipeline = []string{"pipeline"}

type source struct {
	path string // slash-separated, below the module
	dir  string
	file *ast.File
	text []byte
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && p != "." || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, text, parser.ParseComments)
		p = filepath.ToSlash(p)
		out = append(out, source{p, path.Dir(p), f, text})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestArrowsBetweenPackages(t *testing.T) {
	for _, s := range sources(t) {
		allowed, ok := arrows[s.dir]
		if !ok && path.Dir(s.dir) == "pipeline" {
			allowed, ok = underPipeline, true
		}
		if !ok {
			t.Errorf("%s: package %s has no row in the table of arrows", s.path, s.dir)
		}
		for _, imp := range s.file.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if s.dir == "pipeline" && strings.Contains(name, ".") {
				t.Errorf("%s imports %s: package pipeline keeps to the standard library", s.path, name)
			}
			own, inside := strings.CutPrefix(name, "exhibit/")
			if !inside || own == s.dir {
				continue
			}
			if !contains(allowed, own) {
				t.Errorf("%s imports %s, which %s may not", s.path, name, s.dir)
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func TestHouseRules(t *testing.T) {
	for _, s := range sources(t) {
		if n := bytes.Count(s.text, []byte("\n")); n > 500 {
			t.Errorf("%s has %d lines; 500 is the most", s.path, n)
		}
		if s.path == "cmd/exhibit/main.go" && bytes.Count(s.text, []byte("\n")) > 20 {
			t.Errorf("%s is more than a statement", s.path)
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.path)
			}
		}
	}
}

// viper is read in one file, and nothing else knows where a setting comes from.
func TestSettingsAreReadInOnePlace(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range s.file.Imports {
			if imp.Path.Value == `"github.com/spf13/viper"` && s.path != "cmd/exhibit/config.go" {
				t.Errorf("%s imports viper", s.path)
			}
		}
	}
}
