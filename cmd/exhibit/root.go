package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"exhibit/pipeline"

	"github.com/spf13/cobra"
)

// app is what every verb has at hand: the streams and the settings.
type app struct {
	in       io.Reader
	out, err io.Writer
	caseDir  string
	format   string
	settings Settings
}

// run is the whole program: arguments and streams in, exit code out.
func run(args []string, in io.Reader, out, errw io.Writer) int {
	// A reader that goes away (| head) ends the writing with an error instead of
	// the process, so that nothing is left in temporary folders.
	signal.Ignore(syscall.SIGPIPE)
	// The heap is a few large tables that stay; a fifth of slack is enough. The
	// ballast counts as heap and takes no memory, as nothing is written to it: a
	// small heap is not collected again for every few megabytes.
	debug.SetGCPercent(20)
	ballast := make([]byte, 128<<20)
	defer runtime.KeepAlive(ballast)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{in: in, out: out, err: errw}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case ctx.Err() != nil && err != nil:
		err = context.Canceled
	case errors.Is(err, syscall.EPIPE):
		return 0
	}
	tell(errw, err)
	return exitCode(err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "exhibit",
		Short:         "Turn delivered files into numbers that can be defended",
		Long:          "Exhibit takes in the files that an inspected institution hands over, accounts for every\nrecord, counts records and people with SQL that anyone can read, and says what is missing.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "no-help"})
	root.SetUsageTemplate(root.UsageTemplate() + "\n" + exitHelp)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("see "+c.CommandPath()+" --help", "%s: %w", c.CommandPath(), err)
	})
	root.PersistentFlags().StringVar(&a.caseDir, "case", ".", "folder of the case")
	addSettings(root.PersistentFlags())
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) (err error) {
		a.settings, err = loadSettings(c.Flags())
		return err
	}
	// To add a verb, write it in a file of its own and name it here.
	root.AddCommand(a.initVerb(), a.demoVerb(), a.runVerb(), a.ingestVerb(), a.deriveVerb(), a.checkVerb(), a.figuresVerb(),
		a.findingsVerb(), a.statusVerb(), a.filesVerb(), a.queryVerb(), a.traceVerb(), a.strengthVerb(), a.reportVerb(), a.verifyVerb(), a.configVerb(), a.versionVerb())
	markUsage(root)
	return root
}

// markUsage makes wrong arguments usage errors (exit code 2).
func markUsage(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil && !errors.Is(err, pipeline.ErrConfig) {
				return usage("see "+c.CommandPath()+" --help", "%s: %w", c.CommandPath(), err)
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		markUsage(sub)
	}
}

// formatFlag gives a verb the flag --format with the formats it can write.
func (a *app) formatFlag(c *cobra.Command, formats ...string) {
	c.Flags().StringVar(&a.format, "format", "table", strings.Join(formats, " | "))
	next := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		for _, f := range formats {
			if a.format == f {
				return next(c, args)
			}
		}
		return usage("one of "+strings.Join(formats, ", "), "--format %q: no such format", a.format)
	}
}
