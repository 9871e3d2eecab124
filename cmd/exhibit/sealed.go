package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"exhibit/pipeline"
	"exhibit/reports"

	"github.com/spf13/cobra"
)

// sealedVerb is a verb that reads a sealed run and nothing else.
func (a *app) sealedVerb(use, short, long string, do func(o *opened, r *reports.Run) error) *cobra.Command {
	var id string
	c := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.NoArgs}
	c.Flags().StringVar(&id, "run", "", "the run (default: the last)")
	c.RunE = a.looking(func(c *cobra.Command, o *opened, _ []string) error {
		id, err := o.sealedRun(id)
		if err != nil {
			return err
		}
		r, err := o.load(id, nil)
		if err != nil {
			return err
		}
		return do(o, r)
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

// load reads a sealed run and holds it against the ledger. written is its
// manifest where this process sealed it, or nil.
func (o *opened) load(id string, written *pipeline.Manifest) (*reports.Run, error) {
	r, err := reports.LoadWritten(o.RunFolder(id), written)
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

func (a *app) reportVerb() *cobra.Command {
	return a.sealedVerb("report", "Draw the report of a sealed run again, and print where it lies", "", func(o *opened, r *reports.Run) error {
		path, err := o.drawReport(r, true)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.out, path)
		return err
	})
}
