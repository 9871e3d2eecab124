package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"exhibit/pipeline"
	"exhibit/reports"

	"github.com/spf13/cobra"
)

func (a *app) figuresVerb() *cobra.Command {
	var id string
	c := &cobra.Command{
		Use:   "figures",
		Short: "Print the figures of a sealed run",
		Args:  cobra.NoArgs,
	}
	c.Flags().StringVar(&id, "run", "", "the run (default: the last)")
	c.RunE = a.looking(func(c *cobra.Command, o *opened, _ []string) error {
		id, err := o.sealedRun(id)
		if err != nil {
			return err
		}
		r, err := reports.Load(o.RunFolder(id))
		if err != nil {
			return err
		}
		if n, err := o.Unread(); err != nil {
			return err
		} else if n > 0 {
			fmt.Fprintf(a.err, "%d files are newer than %s: exhibit run takes them in\n", n, id)
		}
		if err := a.printFigures(r); err != nil {
			return err
		}
		return incomplete(&r.Manifest)
	})
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}

// printFigures prints the figures of a sealed run: every value with its unit,
// and in a table, below it, what it means and what the other reading gives.
func (a *app) printFigures(r *reports.Run) error {
	switch a.format {
	case "json":
		return writeJSON(a.out, pipeline.FiguresFile{SchemaVersion: pipeline.SchemaVersion, RunID: r.Manifest.RunID, Figures: r.Figures})
	case "jsonl":
		e := json.NewEncoder(a.out)
		e.SetEscapeHTML(false)
		for _, f := range r.Figures {
			if err := e.Encode(f); err != nil {
				return err
			}
		}
		return nil
	}
	t := newTable("figure", "value", "number", "unit", "reading")
	for _, f := range r.Figures {
		addValues(t, f, f.Values, "", a.format == "table")
		for _, other := range f.OtherReadings {
			addValues(t, f, other.Values, other.Definition+": "+other.Reading, a.format == "table")
		}
	}
	return t.write(a.out, a.format)
}

func addValues(t *table, f pipeline.FigureResult, values pipeline.Values, reading string, forPeople bool) {
	for _, v := range values {
		number := v.Value
		if forPeople {
			number = grouped(number)
		}
		t.add(f.Name, v.Column, number, f.Unit, reading)
	}
}

// printDefinitions prints what each figure counts, for readers.
func (a *app) printDefinitions(r *reports.Run) {
	for _, f := range r.Figures {
		fmt.Fprintf(a.out, "\n%s (%s)\n", f.Name, f.Title.En)
		fmt.Fprintln(a.out, indent(f.Definition))
	}
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ")
}

func (a *app) findingsVerb() *cobra.Command {
	var id string
	c := &cobra.Command{
		Use:   "findings",
		Short: "List the findings of a sealed run, and where their instances lie",
		Long: "Lists the findings of a sealed run. The instances are about persons and stay in the case:\n" +
			"each finding is a Parquet file below findings/ of the run's folder.",
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&id, "run", "", "the run (default: the last)")
	c.RunE = a.looking(func(c *cobra.Command, o *opened, _ []string) error {
		id, err := o.sealedRun(id)
		if err != nil {
			return err
		}
		r, err := reports.Load(o.RunFolder(id))
		if err != nil {
			return err
		}
		if a.format == "json" {
			return writeJSON(a.out, pipeline.FindingsFile{SchemaVersion: pipeline.SchemaVersion, Findings: r.Findings})
		}
		t := newTable("finding", "instances", "rule", "file")
		for _, f := range r.Findings {
			t.add(f.Name, f.Instances, f.Rule, o.RunFolder(id)+"/findings/"+f.Name+".parquet")
		}
		return t.write(a.out, a.format)
	})
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}
