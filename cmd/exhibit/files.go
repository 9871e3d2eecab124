package main

import (
	"fmt"
	"os/user"

	"exhibit/pipeline"

	"github.com/spf13/cobra"
)

func (a *app) filesVerb() *cobra.Command {
	var status string
	c := &cobra.Command{
		Use:   "files",
		Short: "List what became of every file, and decide on held ones",
		Args:  cobra.NoArgs,
	}
	c.Flags().StringVar(&status, "status", "", "only the files that are loaded | refused | held | duplicate | superseded")
	c.RunE = a.looking(func(c *cobra.Command, o *opened, _ []string) error {
		t := newTable("file", "source", "path", "status", "date", "records", "accepted", "rejected", "blank", "reason")
		for _, r := range o.State().Sorted() {
			if status == "" || string(r.Status) == status {
				t.add(r.FileID, r.Source, r.Path, string(r.Status), r.NameDay.String(), r.Records, r.Accepted, r.Rejected, r.Blank, r.Reason)
			}
		}
		return t.write(a.out, a.format)
	})
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	c.AddCommand(
		a.decideVerb(pipeline.Accept, "Let a held file count beside the others of its day"),
		a.decideVerb(pipeline.Supersede, "Let a file count in the place of every other of its day"))
	return c
}

func (a *app) decideVerb(action, short string) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   action + " FILE",
		Short: short,
		Long: short + ". FILE is an id, a path or a file name from exhibit files.\n" +
			"The decision and its reason are written into the ledger and take effect in the next run;\nfiles that no longer count stay on record.",
		Args: cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&reason, "reason", "", "why (required; kept in the ledger)")
	c.RunE = func(c *cobra.Command, args []string) error {
		if reason == "" {
			return usage("--reason \"the sender's letter of …\"", "files %s: a reason is required", action)
		}
		return a.working(func(c *cobra.Command, o *opened, args []string) error {
			r, err := o.Decide(args[0], action, reason, operator())
			if err != nil {
				return err
			}
			fmt.Fprintf(a.err, "%s: %s recorded; exhibit run carries it out\n", printable(r.Path), action)
			return nil
		})(c, args)
	}
	return c
}

// operator is the account that a decision is made under.
func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}
