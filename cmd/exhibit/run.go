package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"exhibit/pipeline"
	"exhibit/reports"

	"github.com/spf13/cobra"
)

func (a *app) runVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "run",
		Short: "Take in new files, bring everything up to date, and seal the figures",
		Long: "Takes in the files that are new, brings the rollups up to date, runs the checks, figures and\n" +
			"findings, seals them in a folder below runs, and draws the report. With nothing new it adds\n" +
			"nothing and says so. Interrupted at any instant, the next run completes with the same results.",
		Args: cobra.NoArgs,
	}
	c.RunE = a.working(func(c *cobra.Command, o *opened, _ []string) error { return a.runCase(c.Context(), o) })
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}

// runCase is ingest, derive, check, figures, seal and report.
func (a *app) runCase(ctx context.Context, o *opened) error {
	begun := time.Now()
	lines, err := o.Ingest(ctx)
	if err != nil {
		return err
	}
	current, err := o.Current()
	if err != nil {
		return err
	}
	if current != nil {
		o.talk.done()
		what := "nothing new"
		if lines > 0 {
			what = "nothing new for the figures"
		}
		fmt.Fprintf(a.err, "%s: %s stands\n", what, current.RunID)
		return a.printRun(o, current.RunID)
	}
	if err := a.sealRun(ctx, o); err != nil {
		return err
	}
	o.talk.done()
	id := o.State().LastRun.RunID
	fmt.Fprintf(a.err, "%s sealed in %s\n", id, time.Since(begun).Round(10*time.Millisecond))
	return a.printRun(o, id)
}

func (a *app) sealRun(ctx context.Context, o *opened) (err error) {
	if err := o.Derive(ctx); err != nil {
		return err
	}
	res, err := o.Results(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Discard()) }()
	if _, err := o.Seal(res); err != nil {
		return err
	}
	return o.Prune()
}

// printRun prints the figures of a sealed run, says what keeps it from being
// complete, and sees to it that its report is drawn.
func (a *app) printRun(o *opened, id string) error {
	r, err := o.load(id)
	if err != nil {
		return err
	}
	report, err := o.drawReport(r, false)
	if err != nil {
		return err
	}
	if err := a.printFigures(r); err != nil {
		return err
	}
	for _, s := range r.Manifest.Open {
		fmt.Fprintf(a.err, "open: %s\n", printable(s))
	}
	for _, c := range r.Checks {
		if !c.Passed && c.Severity == pipeline.Note {
			fmt.Fprintf(a.err, "note: %s: %s (%s)\n", c.Name, c.Title.En, plural(int(c.Rows), "row"))
		}
	}
	fmt.Fprintf(a.err, "report: %s\n", report)
	return incomplete(&r.Manifest)
}

// incomplete is the error of a run that is not all it should be.
func incomplete(m *pipeline.Manifest) error {
	switch {
	case m.HeldBack:
		return pipeline.WithHint(fmt.Errorf("%s: %w: held back by a check", m.RunID, pipeline.ErrIncomplete), "exhibit check shows the rows; exhibit status what is missing")
	case !m.Complete:
		return pipeline.WithHint(fmt.Errorf("%s: %w", m.RunID, pipeline.ErrIncomplete), "exhibit status says what is missing")
	}
	return nil
}

// load reads a sealed run and holds it against the ledger.
func (o *opened) load(id string) (*reports.Run, error) {
	r, err := reports.Load(o.RunFolder(id))
	if err != nil {
		return nil, err
	}
	for _, e := range o.ledger.Entries() {
		if e.Run != nil && e.Run.RunID == id && e.Run.Manifest != r.ManifestSHA256 {
			return nil, fmt.Errorf("%s: run.json is not what the ledger says was sealed: %w", o.RunFolder(id), pipeline.ErrVerify)
		}
	}
	return r, nil
}

// drawReport draws the report of a sealed run where there is none, or again.
func (o *opened) drawReport(r *reports.Run, again bool) (string, error) {
	path := filepath.Join(o.RunFolder(r.Manifest.RunID), "report.html")
	if _, err := os.Stat(path); err == nil && !again {
		return path, nil
	}
	f, err := os.Create(path + ".new")
	if err != nil {
		return path, err
	}
	if err := errors.Join(reports.Render(f, r), f.Sync(), f.Close()); err != nil {
		return path, err
	}
	return path, os.Rename(f.Name(), path)
}

func (a *app) ingestVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "ingest",
		Short: "Take in the delivered files that are new",
		Args:  cobra.NoArgs,
	}
	c.RunE = a.working(func(c *cobra.Command, o *opened, _ []string) error {
		lines, err := o.Ingest(c.Context())
		if err != nil {
			return err
		}
		o.talk.done()
		if lines == 0 {
			fmt.Fprintln(a.err, "nothing new")
		}
		if err := a.printStatus(o); err != nil {
			return err
		}
		if n := len(o.State().With("", pipeline.Refused)) + len(o.State().With("", pipeline.Held)); n > 0 {
			return pipeline.WithHint(fmt.Errorf("%d files are refused or held: %w", n, pipeline.ErrIncomplete), "exhibit files lists them")
		}
		return nil
	})
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}

func (a *app) deriveVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "derive",
		Short: "Bring the rollups up to date with what was taken in",
		Args:  cobra.NoArgs,
	}
	c.RunE = a.working(func(c *cobra.Command, o *opened, _ []string) error { return o.Derive(c.Context()) })
	return c
}

func (a *app) checkVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "check",
		Short: "Run the checks, and show the rows that should not exist",
		Args:  cobra.NoArgs,
	}
	c.RunE = a.working(func(c *cobra.Command, o *opened, _ []string) error {
		if err := o.Derive(c.Context()); err != nil {
			return err
		}
		checks, err := o.Check(c.Context())
		if err != nil {
			return err
		}
		o.talk.done()
		return a.printChecks(checks)
	})
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}

func (a *app) printChecks(checks []pipeline.CheckResult) error {
	if a.format == "json" {
		if err := writeJSON(a.out, pipeline.ChecksFile{SchemaVersion: pipeline.SchemaVersion, Checks: checks}); err != nil {
			return err
		}
	} else {
		t := newTable("check", "severity", "state", "rows", "title")
		for _, c := range checks {
			state := "passed"
			if !c.Passed {
				state = "failed"
			}
			t.add(c.Name, string(c.Severity), state, c.Rows, c.Title.En)
		}
		if err := t.write(a.out, a.format); err != nil {
			return err
		}
	}
	failed := 0
	for _, c := range checks {
		if c.Passed {
			continue
		}
		if c.Severity != pipeline.Note {
			failed++
		}
		if a.format != "table" {
			continue
		}
		fmt.Fprintf(a.out, "\n%s: the first of %d rows\n", c.Name, c.Rows)
		rows := newTable(c.Columns...)
		for _, r := range c.First {
			cells := make([]any, len(r))
			for i := range r {
				cells[i] = r[i]
			}
			rows.add(cells...)
		}
		if err := rows.write(a.out, "table"); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed: %w", failed, len(checks), pipeline.ErrIncomplete)
	}
	return nil
}

func (a *app) reportVerb() *cobra.Command {
	var id string
	c := &cobra.Command{
		Use:   "report",
		Short: "Draw the report of a sealed run again, and print where it lies",
		Args:  cobra.NoArgs,
	}
	c.Flags().StringVar(&id, "run", "", "the run (default: the last)")
	c.RunE = a.looking(func(c *cobra.Command, o *opened, _ []string) error {
		id, err := o.sealedRun(id)
		if err != nil {
			return err
		}
		r, err := o.load(id)
		if err != nil {
			return err
		}
		path, err := o.drawReport(r, true)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.out, path)
		return err
	})
	return c
}

// sealedRun finds a run in the ledger: the named one, or the last.
func (o *opened) sealedRun(id string) (string, error) {
	last := ""
	for _, e := range o.ledger.Entries() {
		if e.Run != nil {
			if last = e.Run.RunID; last == id {
				return id, nil
			}
		}
	}
	if last == "" {
		return "", usage("exhibit run makes one", "no run is sealed yet")
	}
	if id != "" {
		return "", usage("the last is "+last, "run %q: not in the ledger", id)
	}
	return last, nil
}
