package reports

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"exhibit/pipeline"
)

// Run is a sealed run, read and verified.
type Run struct {
	Manifest       pipeline.Manifest
	ManifestSHA256 string // of run.json itself: what the ledger names
	Figures        []pipeline.FigureResult
	Checks         []pipeline.CheckResult
	Tables         []pipeline.TableResult
	Findings       []pipeline.FindingResult
	Queries        []SQLText // in the order of their paths
}

// SQLText is a SQL file as the run executed it.
type SQLText struct {
	Path   string // for example figure/total_records.sql
	SHA256 string
	Text   string
}

// Load reads the run folder runDir. Every file that run.json names, results
// and SQL alike, must lie in the folder and have the SHA-256 that run.json
// gives; figures.json, checks.json, tables.json and findings.json must be
// among them, and so must the SQL of every result. The error names the file
// that does not agree.
func Load(runDir string) (*Run, error) { return LoadWritten(runDir, nil) }

// LoadWritten is Load of a run whose run.json this process has just written as
// the JSON of manifest, which therefore need not be read out of it again.
func LoadWritten(runDir string, manifest *pipeline.Manifest) (*Run, error) {
	r, err := load(runDir, manifest)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", filepath.ToSlash(runDir), err)
	}
	return r, nil
}

func load(runDir string, manifest *pipeline.Manifest) (*Run, error) {
	root, err := os.OpenRoot(runDir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	data, err := root.ReadFile("run.json")
	if err != nil {
		return nil, err
	}
	r := &Run{ManifestSHA256: hexSum(data)}
	if manifest != nil {
		r.Manifest = *manifest
	} else if err := decode(data, &r.Manifest); err != nil {
		return nil, fmt.Errorf("run.json: %w", err)
	}
	results, err := readResults(root, r.Manifest.Results)
	if err != nil {
		return nil, err
	}
	if err := r.decodeResults(results); err != nil {
		return nil, err
	}
	if err := r.readQueries(root); err != nil {
		return nil, err
	}
	return r, r.sealed()
}

// readResults verifies every result and gives the content of the JSON files
// that the report is drawn from. Findings are hashed in passing: they may be
// large, and nothing of them is printed.
func readResults(root *os.Root, sums map[string]string) (map[string][]byte, error) {
	content := map[string][]byte{"figures.json": nil, "checks.json": nil, "tables.json": nil, "findings.json": nil}
	for _, name := range slices.Sorted(maps.Keys(content)) {
		if _, ok := sums[name]; !ok {
			return nil, fmt.Errorf("%s: run.json names no SHA-256 for it", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		var keep bytes.Buffer
		var w io.Writer = io.Discard
		if _, ok := content[name]; ok {
			w = &keep
		}
		if err := verify(root, name, sums[name], w); err != nil {
			return nil, err
		}
		if _, ok := content[name]; ok {
			content[name] = keep.Bytes()
		}
	}
	return content, nil
}

func (r *Run) decodeResults(content map[string][]byte) error {
	var figures pipeline.FiguresFile
	var checks pipeline.ChecksFile
	var tables pipeline.TablesFile
	var findings pipeline.FindingsFile
	for _, f := range []struct {
		name string
		into any
	}{{"figures.json", &figures}, {"checks.json", &checks}, {"tables.json", &tables}, {"findings.json", &findings}} {
		if err := decode(content[f.name], f.into); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	r.Figures, r.Checks, r.Tables, r.Findings = figures.Figures, checks.Checks, tables.Tables, findings.Findings
	return nil
}

func (r *Run) readQueries(root *os.Root) error {
	for _, path := range slices.Sorted(maps.Keys(r.Manifest.Queries)) {
		var text bytes.Buffer
		sum := r.Manifest.Queries[path]
		if err := verify(root, "sql/"+path, sum, &text); err != nil {
			return err
		}
		r.Queries = append(r.Queries, SQLText{path, sum, text.String()})
	}
	return nil
}

// sealed says whether the SQL of every result is among the queries of the run.
func (r *Run) sealed() error {
	known := map[string]bool{}
	for _, q := range r.Queries {
		known[q.SHA256] = true
	}
	missing := func(file, name, sum string) error {
		return fmt.Errorf("%s: %s: its SQL %q is not among the queries of run.json", file, name, sum)
	}
	for _, f := range r.Figures {
		if !known[f.SQLSHA256] {
			return missing("figures.json", f.Name, f.SQLSHA256)
		}
	}
	for _, c := range r.Checks {
		if !known[c.SQLSHA256] {
			return missing("checks.json", c.Name, c.SQLSHA256)
		}
	}
	for _, t := range r.Tables {
		if !known[t.SQLSHA256] {
			return missing("tables.json", t.Name, t.SQLSHA256)
		}
	}
	for _, f := range r.Findings {
		if !known[f.SQLSHA256] {
			return missing("findings.json", f.Name, f.SQLSHA256)
		}
	}
	return nil
}

// verify copies a file of the run folder to w, and compares its SHA-256.
func verify(root *os.Root, name, want string, w io.Writer) error {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(h, w), f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s: SHA-256 is %s, but run.json says %s: %w", name, got, want, pipeline.ErrVerify)
	}
	return nil
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// decode reads one JSON value. Numbers stay exact: a float64 would change a
// count above 2^53.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more than one value")
	}
	return nil
}
