package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// SchemaVersion is the version of every JSON file of a run.
const SchemaVersion = 1

// Inputs is a hash over all that the results depend on: case.yaml, what
// became of every file, the SQL, and the versions of program and engine.
func (in *Inspection) Inputs() (string, error) {
	if in.inputs != "" {
		return in.inputs, nil
	}
	parts := []any{SchemaVersion, in.Case.SHA256, in.versions(), in.queryHashes()}
	for _, r := range in.State().Sorted() {
		still := *r
		// What a rebuild of the lake changes is no input.
		still.forgetLake()
		parts = append(parts, still)
	}
	var err error
	in.inputs, err = digest(parts...)
	return in.inputs, err
}

// versions are those of the program and of the engine, where there is one. It
// waits until the engine has started.
func (in *Inspection) versions() map[string]string {
	if in.Engine == nil || in.Versions == nil {
		return in.Versions
	}
	all := maps.Clone(in.Versions)
	all["engine"] = in.Engine.Version()
	return all
}

func (in *Inspection) queryHashes() map[string]string {
	out := map[string]string{}
	for path, text := range in.sqlFiles() {
		sum := sha256.Sum256([]byte(text))
		out[path] = hex.EncodeToString(sum[:])
	}
	return out
}

// sqlFiles are the SQL files of a run by their path, with the variants for an
// engine beside what they stand in for.
func (in *Inspection) sqlFiles() map[string]string {
	out := map[string]string{}
	for _, q := range in.Queries {
		out[q.Path] = q.SQL
		for engine, text := range q.Variants {
			out[strings.TrimSuffix(q.Path, ".sql")+"."+engine+".sql"] = text
		}
	}
	return out
}

// Current gives the last sealed run if its inputs are those of now and its
// folder stands unchanged.
func (in *Inspection) Current() (*Sealed, error) {
	last := in.State().LastRun
	if last == nil {
		return nil, nil
	}
	inputs, err := in.Inputs()
	if err != nil || inputs != last.Inputs {
		return nil, err
	}
	sum, _, err := FileSHA256(context.Background(), filepath.Join(in.Runs, last.RunID, "run.json"))
	if errors.Is(err, os.ErrNotExist) || err == nil && sum != last.Manifest {
		return nil, nil
	}
	return last, err
}

// Seal writes the results into a folder of their own, whole or not at all, and
// the run into the ledger. From then on nothing in it changes.
func (in *Inspection) Seal(res *Results) (*Manifest, error) {
	inputs, err := in.Inputs()
	if err != nil {
		return nil, err
	}
	m := in.manifest(res)
	tmp := filepath.Join(in.Runs, "."+m.RunID)
	if err := errors.Join(os.RemoveAll(tmp), os.MkdirAll(filepath.Join(tmp, "findings"), 0o755)); err != nil {
		return nil, err
	}
	sum, err := in.writeRun(tmp, m, res)
	if err != nil {
		return nil, err
	}
	final := filepath.Join(in.Runs, m.RunID)
	// A folder of that name that the ledger does not know is what an
	// interrupted seal left.
	if err := errors.Join(os.RemoveAll(final), os.Rename(tmp, final), SyncPath(in.Runs)); err != nil {
		return nil, err
	}
	return m, in.append(Entry{Run: &Sealed{RunID: m.RunID, Inputs: inputs, Manifest: sum, Complete: m.Complete}})
}

func (in *Inspection) nextRunID() string {
	n := 1
	for _, e := range in.Ledger.Entries() {
		if e.Run != nil {
			n++
		}
	}
	return fmt.Sprintf("run-%04d", n)
}

func (in *Inspection) manifest(res *Results) *Manifest {
	m := &Manifest{SchemaVersion: SchemaVersion, RunID: in.nextRunID(), Case: in.Case.Name, Title: in.Case.Title,
		CaseSHA256: in.Case.SHA256, Span: in.Case.Span, Definitions: in.Case.Definitions.Map(), Versions: in.versions(),
		Sources: in.Status(), Queries: in.queryHashes(), Results: map[string]string{}}
	m.Open, m.HeldBack = open(res.Checks)
	m.Complete = len(m.Open) == 0
	for _, r := range in.State().Sorted() {
		m.Files = append(m.Files, *r)
	}
	return m
}

// writeRun writes every file of a run folder; run.json, which holds the hashes
// of the others, last, and gives its SHA-256. All are on disk when it returns.
func (in *Inspection) writeRun(dir string, m *Manifest, res *Results) (string, error) {
	if err := in.writeResults(dir, m, res); err != nil {
		return "", err
	}
	for name, text := range in.sqlFiles() {
		path := filepath.Join(dir, "sql", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	if in.Log != nil {
		if err := os.WriteFile(filepath.Join(dir, "log.ndjson"), in.Log(), 0o644); err != nil {
			return "", err
		}
	}
	data, err := MarshalResult(m)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "run.json"), data, 0o644); err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), syncTree(dir)
}

// syncTree puts a folder and all that lies in it on disk.
func syncTree(dir string) error {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	return errors.Join(err, Together(paths, SyncPath))
}

// writeResults writes the results and takes their hashes into the manifest.
func (in *Inspection) writeResults(dir string, m *Manifest, res *Results) error {
	for name, content := range map[string]any{
		"figures.json":  FiguresFile{SchemaVersion: SchemaVersion, Figures: res.Figures},
		"checks.json":   ChecksFile{SchemaVersion, res.Checks},
		"tables.json":   TablesFile{SchemaVersion, res.Tables},
		"findings.json": FindingsFile{SchemaVersion, res.Findings},
	} {
		if err := writeResult(dir, name, content, m); err != nil {
			return err
		}
	}
	for _, f := range res.Findings {
		name := "findings/" + f.Name + ".parquet"
		if err := copyFile(filepath.Join(res.dir, f.Name+".parquet"), filepath.Join(dir, name)); err != nil {
			return err
		}
		m.Results[name] = f.SHA256
	}
	return nil
}

func writeResult(dir, name string, content any, m *Manifest) error {
	data, err := MarshalResult(content)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.Sum256(data)
	m.Results[name] = hex.EncodeToString(sum[:])
	return os.WriteFile(filepath.Join(dir, name), data, 0o644)
}

// MarshalResult writes JSON the one way in which every result is written:
// indented by two spaces, nothing escaped for HTML, a line end at the end.
func MarshalResult(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return indent(b.Bytes()), nil
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	dst, err := os.Create(to)
	if err != nil {
		return errors.Join(err, src.Close())
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close(), src.Close())
}

// Prune drops the rollups that the last Derive and Results did not use.
func (in *Inspection) Prune() error {
	if _, key, _ := in.keptRegistry(accountList); key != "" {
		in.used[key] = true
	}
	return in.Store.Forget(in.used)
}

// RunFolder is the folder of a sealed run.
func (in *Inspection) RunFolder(id string) string { return filepath.Join(in.Runs, id) }
