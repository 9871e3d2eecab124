package main

import (
	"fmt"
	"strings"

	"exhibit/pipeline"

	"github.com/spf13/cobra"
)

func (a *app) statusVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Say where every source stands, what is missing, and what to do next",
		Args:  cobra.NoArgs,
	}
	c.RunE = a.looking(func(c *cobra.Command, o *opened, _ []string) error { return a.printStatus(o) })
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}

func (a *app) printStatus(o *opened) error {
	status := o.Status()
	last, next, err := o.next()
	if err != nil {
		return err
	}
	if a.format == "json" {
		return writeJSON(a.out, struct {
			SchemaVersion int                     `json:"schema_version"`
			Sources       []pipeline.SourceStatus `json:"sources"`
			LastRun       string                  `json:"last_run"`
			Next          []string                `json:"next"`
		}{pipeline.SchemaVersion, status, last, next})
	}
	t := newTable("source", "kind", "seen", "loaded", "refused", "held", "duplicate", "superseded", "records", "accepted", "rejected", "days", "covered", "missing")
	for _, s := range status {
		n := func(st pipeline.Status) int64 { return int64(s.Files[st]) }
		t.add(s.Source, string(s.Kind), int64(len(o.Files[s.Source])), n(pipeline.Loaded), n(pipeline.Refused), n(pipeline.Held),
			n(pipeline.Duplicate), n(pipeline.Superseded), s.Records, s.Accepted, s.Rejected,
			int64(s.DaysExpected), int64(s.DaysCovered), int64(s.DaysMissing()))
	}
	if err := t.write(a.out, a.format); err != nil || a.format != "table" {
		return err
	}
	for _, s := range status {
		if len(s.Missing) > 0 {
			fmt.Fprintf(a.out, "\n%s: missing days\n", s.Source)
			for _, r := range s.Missing {
				fmt.Fprintf(a.out, "  %s (%s)\n", r, plural(r.Days(), "day"))
			}
		}
	}
	for _, list := range []struct {
		paths []string
		say   string
	}{{o.matched.Unclaimed, "no source names"}, {o.matched.Alone, "is a control file without a data file"}} {
		for _, path := range list.paths {
			fmt.Fprintf(a.out, "\n%s: %s\n", printable(path), list.say)
		}
	}
	if last == "" {
		last = "none"
	}
	fmt.Fprintf(a.out, "\nlast run: %s\nnext: %s\n", last, strings.Join(next, "\n      "))
	return nil
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// next says what there is to do, and which run is the last.
func (o *opened) next() (last string, next []string, err error) {
	unread, err := o.Unread()
	if err != nil {
		return "", nil, err
	}
	if r := o.State().LastRun; r != nil {
		last = r.RunID
	}
	if unread > 0 || last == "" {
		next = append(next, fmt.Sprintf("exhibit run: %s to take in", plural(unread, "file")))
	}
	if n := len(o.State().With("", pipeline.Held)); n > 0 {
		next = append(next, fmt.Sprintf("exhibit files accept|supersede FILE --reason TEXT: %s held", plural(n, "file")))
	}
	if n := len(o.State().With("", pipeline.Refused)); n > 0 {
		next = append(next, fmt.Sprintf("ask the sender for %s again: exhibit files --status refused says why", plural(n, "refused file")))
	}
	for _, s := range o.Status() {
		if len(s.Missing) > 0 {
			next = append(next, fmt.Sprintf("ask %s for the %s that %s lacks", s.Sender, plural(s.DaysMissing(), "day"), s.Source))
		}
	}
	if len(next) == 0 {
		next = []string{"nothing: all is taken in"}
	}
	return last, next, nil
}
