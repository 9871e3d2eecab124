package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"exhibit/pipeline"
	"exhibit/reports"

	"github.com/spf13/cobra"
)

func (a *app) figuresVerb() *cobra.Command {
	var c *cobra.Command
	c = a.sealedVerb("figures [figure]...", "Print the figures of a sealed run, or some of them", "", func(o *opened, r *reports.Run) (err error) {
		if r.Figures, err = chosen(r.Figures, c.Flags().Args()); err != nil {
			return err
		}
		if n, err := o.Unread(); err != nil {
			return err
		} else if n > 0 {
			fmt.Fprintf(a.err, "%s newer than %s: exhibit run takes them in\n", plural(n, "file"), r.Manifest.RunID)
		}
		if err := a.printFigures(r); err != nil {
			return err
		}
		return incomplete(&r.Manifest)
	})
	c.Args = cobra.ArbitraryArgs
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}

// chosen are the figures of these names, in the order of all; all of them where
// no name is given.
func chosen(figures []pipeline.FigureResult, names []string) ([]pipeline.FigureResult, error) {
	if len(names) == 0 {
		return figures, nil
	}
	var all []string
	for _, f := range figures {
		all = append(all, f.Name)
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, usage("the run has "+strings.Join(all, ", "), "figure %q: not in this run", name)
		}
	}
	return slices.DeleteFunc(slices.Clone(figures), func(f pipeline.FigureResult) bool { return !slices.Contains(names, f.Name) }), nil
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
	if a.format == "csv" {
		return figureRows(r.Figures).write(a.out, a.format)
	}
	return figureTable(r.Figures).write(a.out, a.format)
}

// figureRows has a row for each number and each reading, for programs.
func figureRows(figures []pipeline.FigureResult) *table {
	t := newTable("figure", "value", "number", "unit", "definition", "reading")
	for _, f := range figures {
		for _, v := range f.Values {
			t.add(f.Name, v.Column, v.Value, f.Unit, nil, nil)
		}
		for _, other := range f.OtherReadings {
			for _, v := range other.Values {
				t.add(f.Name, v.Column, v.Value, f.Unit, other.Definition, other.Reading)
			}
		}
	}
	return t
}

// figureTable has a row for each number, with what the other readings give
// beside it, the headline figures first.
func figureTable(figures []pipeline.FigureResult) *table {
	t := newTable("figure", "value", "number", "unit", "by another reading")
	for _, f := range headlineFirst(figures) {
		for i, v := range f.Values {
			var others []string
			for _, other := range f.OtherReadings {
				others = append(others, fmt.Sprintf("%s (%s: %s)", grouped(other.Values[i].Value), other.Definition, other.Reading))
			}
			t.add(f.Name, v.Column, right{grouped(v.Value)}, f.Unit, strings.Join(others, ", "))
		}
	}
	return t
}

// headlineFirst puts the figures that everybody asks for before the others.
func headlineFirst(figures []pipeline.FigureResult) []pipeline.FigureResult {
	rank := map[string]int{"total_records": 1, "affected_persons": 2, "time_span": 3, "never_paid_overseas": 4}
	out := slices.Clone(figures)
	slices.SortStableFunc(out, func(a, b pipeline.FigureResult) int {
		ra, rb := rank[a.Name], rank[b.Name]
		switch {
		case ra != 0 && rb != 0:
			return ra - rb
		case ra != 0:
			return -1
		case rb != 0:
			return 1
		}
		return 0
	})
	return out
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
	c := a.sealedVerb("findings", "List the findings of a sealed run, and where their instances lie",
		"Lists the findings of a sealed run. The instances are about persons and stay in the case:\n"+
			"each finding is a Parquet file below findings/ of the run's folder.",
		func(o *opened, r *reports.Run) error {
			if a.format == "json" {
				return writeJSON(a.out, pipeline.FindingsFile{SchemaVersion: pipeline.SchemaVersion, Findings: r.Findings})
			}
			t := newTable("finding", "instances", "rule", "file")
			for _, f := range r.Findings {
				t.add(f.Name, f.Instances, f.Rule, o.RunFolder(r.Manifest.RunID)+"/findings/"+f.Name+".parquet")
			}
			return t.write(a.out, a.format)
		})
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}
