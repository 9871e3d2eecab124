package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"exhibit/fixtures"
	"exhibit/pipeline"

	"github.com/spf13/cobra"
)

func (a *app) demoVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Make a small case of invented data in a new folder, and run it",
		Args:  cobra.NoArgs,
	}
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if !c.Flags().Changed("case") {
			a.caseDir = "exhibit-demo"
		}
		mini, err := fixtures.Mini()
		if err != nil {
			return err
		}
		if err := a.copyCase(mini); err != nil {
			return err
		}
		o, err := a.open(c.Context())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.Close()) }()
		return a.demo(c.Context(), o)
	}
	return c
}

// copyCase writes a case into the folder of the case, which is new, empty, or
// holds that same case.
func (a *app) copyCase(from fs.FS) error {
	want, err := fs.ReadFile(from, "case.yaml")
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(a.caseDir); err == nil && len(entries) > 0 {
		have, err := os.ReadFile(filepath.Join(a.caseDir, "case.yaml"))
		if err != nil || string(have) != string(want) {
			return usage("name a new folder with --case", "%s: is not empty", a.caseDir)
		}
		return nil
	}
	if err := os.MkdirAll(a.caseDir, 0o755); err != nil {
		return err
	}
	return os.CopyFS(a.caseDir, from)
}

// demo runs the case and prints what a first reader wants to know: the figures
// and what they count, what was rejected, what is missing, and the report.
// That the case is incomplete is the point of it, and no error.
func (a *app) demo(ctx context.Context, o *opened) error {
	if _, err := o.Ingest(ctx); err != nil {
		return err
	}
	current, err := o.Current()
	if err == nil && current == nil {
		_, err = a.sealRun(ctx, o)
	}
	if err != nil {
		return err
	}
	o.talk.done()
	r, err := o.load(o.State().LastRun.RunID, nil)
	if err != nil {
		return err
	}
	report, err := o.drawReport(r, false)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: %s\n\n", r.Manifest.RunID, r.Manifest.Title.En)
	a.format = "table"
	if err := a.printFigures(r); err != nil {
		return err
	}
	a.printDefinitions(r)
	if err := a.printRejected(o); err != nil {
		return err
	}
	fmt.Fprintln(a.out, "\nWhat keeps this run from being complete:")
	for _, s := range r.Manifest.Open {
		fmt.Fprintln(a.out, "  "+printable(s))
	}
	for _, s := range r.Manifest.Sources {
		for _, m := range s.Missing {
			fmt.Fprintf(a.out, "  %s: missing %s\n", s.Source, m)
		}
	}
	fmt.Fprintf(a.out, "\nreport: %s\nask:    exhibit query --case %s \"SELECT * FROM rejects\"\n", report, a.caseDir)
	return nil
}

// printRejected prints what was not taken, by file and reason.
func (a *app) printRejected(o *opened) error {
	t := newTable("file", "what became of it", "records")
	for _, r := range o.State().Sorted() {
		if r.Status != pipeline.Loaded {
			t.add(r.Path, string(r.Status)+": "+r.Reason, r.Records)
			continue
		}
		for _, reason := range sortedReasons(r.Reasons) {
			t.add(r.Path, "rejected: "+reason, r.Reasons[reason])
		}
	}
	fmt.Fprintln(a.out, "\nWhat was not taken:")
	return t.write(a.out, "table")
}

func sortedReasons(reasons map[string]int64) []string { return slices.Sorted(maps.Keys(reasons)) }
