package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"exhibit/pipeline"

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
	dry := false
	c.Flags().BoolVar(&dry, "dry-run", false, "only estimate: files, records, time, disk and memory")
	work := a.working(func(c *cobra.Command, o *opened, _ []string) error { return a.runCase(c.Context(), o) })
	estimate := a.looking(func(c *cobra.Command, o *opened, _ []string) error { return a.printPlan(o) })
	c.RunE = func(c *cobra.Command, args []string) error {
		if dry {
			return estimate(c, args)
		}
		return work(c, args)
	}
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}

// printPlan prints what a run would do, and does nothing.
func (a *app) printPlan(o *opened) error {
	memory, err := a.settings.memoryBytes()
	if err != nil {
		return err
	}
	p, err := o.Plan(memory, freeBytes(a.caseDir))
	if err != nil {
		return err
	}
	if a.format == "json" {
		return writeJSON(a.out, struct {
			SchemaVersion int `json:"schema_version"`
			pipeline.Plan
		}{pipeline.SchemaVersion, p})
	}
	t := newTable("what", "estimate", "unit")
	t.add("files to read", int64(p.Files), "files")
	t.add("delivered", p.Bytes>>20, "MiB")
	t.add("records", p.Records, "records, about")
	t.add("time to read", p.Seconds, "s, about")
	t.add("disk", p.DiskBytes>>20, "MiB, about")
	t.add("disk free", max(p.DiskFreeBytes, 0)>>20, "MiB")
	t.add("memory", p.MemoryBytes>>20, "MiB, at most about")
	if err := t.write(a.out, a.format); err != nil {
		return err
	}
	for _, s := range p.Advice {
		fmt.Fprintf(a.err, "advice: %s\n", s)
	}
	return nil
}

// freeBytes is the free space of the disk that a folder lies on; -1 unknown.
func freeBytes(dir string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return -1
	}
	return int64(s.Bavail) * s.Bsize
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
		go o.endEngine() // Close waits for it, and has its error
		o.talk.done()
		what := "nothing new"
		if lines > 0 {
			what = "nothing new for the figures"
		}
		fmt.Fprintf(a.err, "%s: %s stands\n", what, current.RunID)
		return a.printRun(o, current.RunID, nil)
	}
	m, err := a.sealRun(ctx, o)
	if err != nil {
		return err
	}
	go o.endEngine() // Close waits for it, and has its error
	o.talk.done()
	fmt.Fprintf(a.err, "%s sealed in %s\n", m.RunID, time.Since(begun).Round(10*time.Millisecond))
	return a.printRun(o, m.RunID, m)
}

func (a *app) sealRun(ctx context.Context, o *opened) (m *pipeline.Manifest, err error) {
	if err := o.Derive(ctx); err != nil {
		return nil, err
	}
	res, err := o.Results(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Discard()) }()
	if m, err = o.Seal(res); err != nil {
		return nil, err
	}
	return m, o.Prune()
}

// printRun prints the figures of a sealed run, says what keeps it from being
// complete, and sees to it that its report is drawn. written is as in load.
func (a *app) printRun(o *opened, id string, written *pipeline.Manifest) error {
	r, err := o.load(id, written)
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
