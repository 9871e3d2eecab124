package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	"exhibit/pipeline"
	"exhibit/pipeline/casefile"
	"exhibit/pipeline/catalog"
	"exhibit/pipeline/custody"
	"exhibit/pipeline/duckdb"
	"exhibit/pipeline/intake"
	"exhibit/pipeline/lake"
	"exhibit/pipeline/tally"
	"exhibit/sql"

	"github.com/spf13/cobra"
)

// opened is a case that is being worked on.
type opened struct {
	*pipeline.Inspection
	engine    *duckdb.Engine
	endEngine func() error // closes it, once
	ledger    *custody.Ledger
	lake      *lake.Lake
	reader    *intake.Reader
	matched   *casefile.Matched
	talk      *talk
	write     bool
}

// open opens the case for work: under its lock, with an engine.
func (a *app) open(ctx context.Context) (*opened, error) {
	o, err := a.prepare(writing)
	if err != nil {
		return nil, err
	}
	if err := o.startEngine(ctx, a, filepath.Join(a.caseDir, "lake", "staging")); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	o.Versions = map[string]string{"exhibit": version()}
	return o, nil
}

// startEngine gives the work an engine, which Close ends at the latest.
func (o *opened) startEngine(ctx context.Context, a *app, temp string) (err error) {
	if o.engine, err = a.openEngine(ctx, temp); err != nil {
		return err
	}
	o.Engine, o.endEngine = o.engine, sync.OnceValue(o.engine.Close)
	return nil
}

// look opens the case for reading, without lock and engine.
func (a *app) look() (*opened, error) { return a.prepare(reading) }

// How a case is opened.
type access int

const (
	reading access = iota // whoever else does what
	alone                 // reading while nobody writes
	writing               // under its lock
)

// prepare reads case.yaml, the ledger, the lake and the SQL.
func (a *app) prepare(how access) (*opened, error) {
	c, err := a.loadCase()
	if err != nil {
		return nil, err
	}
	queries, err := a.queries()
	if err != nil {
		return nil, err
	}
	inbox := a.inbox()
	matched, err := casefile.Match(c, os.DirFS(inbox))
	if err != nil {
		return nil, pipeline.Misuse(err)
	}
	o := &opened{write: how == writing, matched: matched, talk: newTalk(a.err, a.settings.LogFormat)}
	o.reader = intake.New(intake.Options{Threads: a.settings.Threads, Progress: func(n int64) { o.talk.Step(0, n) }})
	if err := o.openFolders(a.caseDir, c.Name, how); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	o.Inspection = &pipeline.Inspection{Case: c, Files: matched.Files, Control: matched.Control,
		NoFiles: noFiles(matched), Inbox: inbox, Runs: filepath.Join(a.caseDir, "runs"),
		Store: o.lake, Ledger: o.ledger, Reader: o.reader, Tally: &tally.Tally{}, Queries: queries, Progress: o.talk,
		Workers: a.settings.Threads, Log: o.talk.log}
	if o.ledger.Torn > 0 {
		o.talk.Say("the ledger ended in an interrupted line, which was cut off", map[string]any{"bytes": o.ledger.Torn})
	}
	return o, nil
}

// openFolders opens the ledger and the lake, beside one another: both grow with
// the files of a case; after its lock, where that is taken.
func (o *opened) openFolders(caseDir, name string, how access) (err error) {
	custodyDir, lakeDir := filepath.Join(caseDir, "custody"), filepath.Join(caseDir, "lake")
	load := func() (err error) {
		o.ledger, err = custody.Read(custodyDir, name)
		return err
	}
	openLake := lake.Read
	switch how {
	case alone:
		if o.ledger, err = custody.ReadAlone(custodyDir, name); err != nil {
			return err
		}
		load = func() error { return nil }
	case writing:
		if o.ledger, err = custody.Lock(custodyDir, name); err != nil {
			return err
		}
		load, openLake = o.ledger.Load, lake.Open
	}
	var ledgerErr, lakeErr error
	var both sync.WaitGroup
	both.Go(func() { ledgerErr = load() })
	both.Go(func() { o.lake, lakeErr = openLake(lakeDir) })
	both.Wait()
	return errors.Join(ledgerErr, lakeErr)
}

// noFiles are the receipts of what a source names and cannot be read.
func noFiles(m *casefile.Matched) []pipeline.Receipt {
	var out []pipeline.Receipt
	for _, r := range m.Refused {
		if r.Source != "" {
			out = append(out, pipeline.Receipt{Source: r.Source, Path: r.Path, Status: pipeline.Refused, Reason: r.Reason, NameDay: pipeline.NoDay})
		}
	}
	return out
}

func (a *app) loadCase() (*pipeline.Case, error) {
	path := filepath.Join(a.caseDir, "case.yaml")
	c, err := casefile.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("exhibit init makes one; --case DIR names the folder of the case", "%s: no such file", path)
	}
	if err != nil {
		return nil, pipeline.Misuse(err)
	}
	for i := range c.Sources {
		if err := intake.Check(&c.Sources[i]); err != nil {
			return nil, usage("", "%s:%d: %w", path, c.Sources[i].Line, err)
		}
	}
	return c, nil
}

// inbox is where the delivered files lie.
func (a *app) inbox() string {
	if a.settings.Inbox != "" {
		return a.settings.Inbox
	}
	if info, err := os.Stat(filepath.Join(a.caseDir, "inbox")); err == nil && info.IsDir() {
		return filepath.Join(a.caseDir, "inbox")
	}
	return a.caseDir
}

// queries are the built-in SQL files and the case's own.
func (a *app) queries() ([]pipeline.Query, error) {
	builtin, err := catalog.Load(sql.Files)
	if err != nil {
		return nil, err
	}
	own, err := catalog.Load(os.DirFS(filepath.Join(a.caseDir, "sql")))
	if err != nil {
		return nil, pipeline.Misuse(err)
	}
	if err := catalog.Lint(own); err != nil {
		return nil, pipeline.Misuse(err)
	}
	merged, err := catalog.Merge(builtin, own)
	return merged, pipeline.Misuse(err)
}

func (a *app) openEngine(ctx context.Context, temp string) (*duckdb.Engine, error) {
	if a.settings.Temp != "" {
		temp = a.settings.Temp
	}
	memory, err := a.settings.memoryBytes()
	if err != nil {
		return nil, err
	}
	return duckdb.Open(ctx, duckdb.Options{MemoryBytes: memory, Threads: a.settings.Threads, TempDir: filepath.Join(temp, "engine")})
}

// Close ends the work on a case, whatever became of it.
func (o *opened) Close() error {
	var errs []error
	o.talk.done()
	if o.engine != nil {
		errs = append(errs, o.endEngine())
	}
	if o.lake != nil && o.write {
		errs = append(errs, o.lake.Close())
	}
	if o.ledger != nil {
		errs = append(errs, o.ledger.Close())
	}
	return errors.Join(errs...)
}

// working gives a verb an open case, and closes it.
func (a *app) working(do func(c *cobra.Command, o *opened, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) (err error) {
		o, err := a.open(c.Context())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.Close()) }()
		return do(c, o, args)
	}
}

// lookingAlone gives a verb a case to read while nobody writes.
func (a *app) lookingAlone(do func(c *cobra.Command, o *opened) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, _ []string) (err error) {
		o, err := a.prepare(alone)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.Close()) }()
		return do(c, o)
	}
}

// looking gives a verb a case to read.
func (a *app) looking(do func(c *cobra.Command, o *opened, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) (err error) {
		o, err := a.look()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.Close()) }()
		return do(c, o, args)
	}
}

const release = "0.1.0"

// version is the release, with the revision it was built from where Go knows it.
func version() string {
	v := release
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v += "+" + s.Value[:12]
			}
		}
	}
	return v
}

func (a *app) versionVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of exhibit and its engine",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			dir, err := os.MkdirTemp("", "exhibit-")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
			e, err := a.openEngine(c.Context(), dir)
			if err != nil {
				return err
			}
			if err = e.Ready(); err == nil {
				_, err = fmt.Fprintf(a.out, "exhibit %s\n%s\n", version(), e.Version())
			}
			return errors.Join(err, e.Close())
		},
	}
}
