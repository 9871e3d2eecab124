package main

import (
	"fmt"

	"exhibit/pipeline"

	"github.com/spf13/cobra"
)

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
