package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"exhibit/pipeline"
	"exhibit/pipeline/intake"
	"exhibit/pipeline/strength"

	"github.com/spf13/cobra"
)

// strengthFlags are what the user says of a test.
type strengthFlags struct {
	authority   string
	sample      int
	files       int
	known       bool
	knownOnly   bool
	oldPrefixes bool
	numbers     int64
	digits      int
}

func (a *app) strengthVerb() *cobra.Command {
	var f strengthFlags
	c := &cobra.Command{
		Use:   "strength",
		Short: "Test how well the scrambled identifiers that were sent resist",
		Long: "Draws a uniform sample of the distinct values of each field with identifies from the delivered transfer\n" +
			"files, and tests which recipes made them: plain, or a hash of a phone number or an account number in the\n" +
			"usual spellings, found by enumerating all of them, and, with --known, by hashing what the customer tables\n" +
			"hold in the clear. It prints counts and can print nothing else: which person stands behind a value never\n" +
			"leaves the test. The authority to test is written into the ledger before.",
		Args: cobra.NoArgs,
	}
	flags := c.Flags()
	flags.StringVar(&f.authority, "authority", "", "the order or mandate to test (required; kept in the ledger)")
	flags.IntVar(&f.sample, "sample", strength.DefaultSample, "distinct values a field, 10 to 1000000")
	flags.IntVar(&f.files, "files", 0, "files of each source to draw from, spread evenly over time (0: all)")
	flags.BoolVar(&f.known, "known", false, "also hash the identifying fields of the customer tables (lawfully held)")
	flags.BoolVar(&f.knownOnly, "known-only", false, "leave the enumeration out")
	flags.BoolVar(&f.oldPrefixes, "old-prefixes", false, "enumerate 011 and 016 to 019 as well")
	flags.Int64Var(&f.numbers, "numbers", 0, "enumerate account numbers from 1 to this")
	flags.IntVar(&f.digits, "digits", 8, "digits after 010 to enumerate; fewer only for a trial")
	c.RunE = func(c *cobra.Command, args []string) error {
		if strings.TrimSpace(f.authority) == "" {
			return usage("--authority \"order no. …\"", "strength: an authority is required")
		}
		if f.digits < 1 || f.digits > 8 {
			return usage("1 to 8", "strength: --digits %d", f.digits)
		}
		return a.working(func(c *cobra.Command, o *opened, _ []string) error { return a.strength(c.Context(), o, f) })(c, args)
	}
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}

func (a *app) strength(ctx context.Context, o *opened, f strengthFlags) (err error) {
	// No trace of a candidate in a core dump or a stack.
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("strength: core dumps cannot be turned off: %w", err)
	}
	debug.SetTraceback("none")
	fields := o.identifying(pipeline.Transfers)
	if len(fields) == 0 {
		return usage("identifies: phone, email, name or account, in the schema of a source of transfers", "strength: no field identifies anybody")
	}
	seed, err := o.seed()
	if err != nil {
		return err
	}
	var names []string
	for _, x := range fields {
		names = append(names, x.source.Name+"."+x.source.Schema.Fields[x.index].Name)
	}
	if err := o.RecordAccess(pipeline.Access{Verb: "strength", Authority: f.authority, Operator: operator(), Fields: names}); err != nil {
		return err
	}
	samples, err := o.sample(ctx, fields, f, seed)
	defer func() {
		for _, s := range samples {
			s.Close()
		}
	}()
	if err != nil {
		return err
	}
	options := strength.Options{Workers: a.settings.Threads, OldPrefixes: f.oldPrefixes, Numbers: f.numbers, KnownOnly: f.knownOnly,
		Progress: o.candidates(), ProcessorTime: processorTime}
	if f.digits < 8 {
		options.MobileLimit = pow10(f.digits)
	}
	var failed error
	if f.known || f.knownOnly {
		options.Known = o.knownValues(ctx, &failed)
	}
	report, err := strength.Run(ctx, samples, options)
	if err := errors.Join(failed, err); err != nil {
		return err
	}
	o.talk.done()
	return a.printStrength(report)
}

// identifyingField is a field that identifies somebody.
type identifyingField struct {
	source *pipeline.Source
	index  int
}

// identifying lists the identifying fields of the sources of a kind.
func (o *opened) identifying(kind pipeline.Kind) []identifyingField {
	var out []identifyingField
	for i := range o.Case.Sources {
		src := &o.Case.Sources[i]
		for k := range src.Schema.Fields {
			switch src.Schema.Fields[k].Identifies {
			case "account", "phone", "email", "name":
				if src.Kind == kind {
					out = append(out, identifyingField{src, k})
				}
			}
		}
	}
	return out
}

// seed is what the sample is drawn by: the manifest of the last run, so that
// nobody can choose the sample by hand.
func (o *opened) seed() (seed [32]byte, err error) {
	last := o.State().LastRun
	if last == nil {
		return seed, usage("exhibit run makes one", "strength: no run is sealed yet, and the sample is drawn by it")
	}
	sum, err := hex.DecodeString(last.Manifest)
	if err != nil || len(sum) != sha256.Size {
		return seed, fmt.Errorf("%s: no SHA-256 of a manifest: %w", last.RunID, pipeline.ErrVerify)
	}
	copy(seed[:], sum)
	return seed, nil
}

// sample reads the delivered files again and draws the values.
func (o *opened) sample(ctx context.Context, fields []identifyingField, f strengthFlags, seed [32]byte) ([]*strength.Sampler, error) {
	var samples []*strength.Sampler
	of := map[string][]int{} // source → its fields' places in samples
	for i, x := range fields {
		field := x.source.Schema.Fields[x.index]
		s, err := strength.NewSampler(strength.Field{Source: x.source.Name, Name: field.Name, Identifies: field.Identifies}, f.sample, seed)
		if err != nil {
			return samples, usage("10 to 1000000", "strength: --sample %d", f.sample)
		}
		samples = append(samples, s)
		of[x.source.Name] = append(of[x.source.Name], i)
	}
	var files []*pipeline.Receipt
	for i := range o.Case.Sources {
		if name := o.Case.Sources[i].Name; of[name] != nil {
			files = append(files, spread(o.State().With(name, pipeline.Loaded), f.files)...)
		}
	}
	o.talk.Stage("draw", len(files))
	for _, r := range files {
		err := o.replay(ctx, r, func(rec *intake.Record) error {
			for _, i := range of[r.Source] {
				if rec.Filled(fields[i].index) {
					samples[i].Add(rec.Text(fields[i].index))
				}
			}
			return nil
		})
		if err != nil {
			return samples, err
		}
		o.talk.Step(1, r.Records)
	}
	return samples, nil
}

// spread picks n of the files, evenly from first to last (0: all).
func spread(files []*pipeline.Receipt, n int) []*pipeline.Receipt {
	if n <= 0 || n >= len(files) {
		return files
	}
	out := make([]*pipeline.Receipt, n)
	for i := range out {
		out[i] = files[i*len(files)/n]
	}
	return out
}

// knownValues gives what the customer tables hold in the clear. An error of
// reading is kept aside, as an iterator has no place for it.
func (o *opened) knownValues(ctx context.Context, failed *error) []strength.Known {
	var out []strength.Known
	for _, x := range o.identifying(pipeline.Customers) {
		out = append(out, strength.Known{
			Identifies: x.source.Schema.Fields[x.index].Identifies,
			Values: func(yield func([]byte) bool) {
				for _, r := range o.State().With(x.source.Name, pipeline.Loaded) {
					stopped := errors.New("enough")
					err := o.replay(ctx, r, func(rec *intake.Record) error {
						if rec.Filled(x.index) && !yield(rec.Text(x.index)) {
							return stopped
						}
						return nil
					})
					if errors.Is(err, stopped) {
						return
					}
					if err != nil {
						*failed = err
						return
					}
				}
			},
		})
	}
	return out
}

// candidates tells how far the enumeration is, in millions.
func (o *opened) candidates() func(done, total int64) {
	const million = 1_000_000
	told, begun := int64(0), false
	return func(done, total int64) {
		if !begun {
			begun = true
			o.talk.Stage("enumerate (million candidates)", int(total/million))
		}
		if n := done/million - told; n > 0 {
			told += n
			o.talk.Step(int(n), 0)
		}
	}
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// printStrength prints counts: per field and recipe in a table, with the
// verdict of each field and the speed below it.
func (a *app) printStrength(report *strength.Report) error {
	if a.format == "json" {
		if err := writeJSON(a.out, struct {
			SchemaVersion int `json:"schema_version"`
			*strength.Report
		}{pipeline.SchemaVersion, report}); err != nil {
			return err
		}
		return refusedFields(report)
	}
	t := newTable("field", "test", "recipe", "tested", "recovered", "rate", "wilson95_low", "wilson95_high", "candidates")
	for _, f := range report.Result.Fields {
		for _, r := range f.Recipes {
			if r.Recovered > 0 || a.format != "table" {
				t.add(f.Source+"."+f.Name, r.Test, r.Recipe, int64(r.Tested), int64(r.Recovered), share(r.Recovered, r.Tested),
					perMillion(int64(r.LowPerMillion)), perMillion(int64(r.HighPerMillion)), r.Candidates)
			}
		}
	}
	if err := t.write(a.out, a.format); err != nil || a.format != "table" {
		return errors.Join(err, refusedFields(report))
	}
	fmt.Fprintln(a.out)
	for _, f := range report.Result.Fields {
		fmt.Fprintf(a.out, "%s.%s: %s (%d recipes tried on %d values)\n", f.Source, f.Name, f.Verdict, len(f.Recipes), f.Tested)
	}
	speeds := newTable("enumerated", "form", "candidates", "a second", "whole space on one core")
	for _, s := range report.Speeds {
		speeds.add(s.Hash, s.Form, right{grouped(s.Candidates)}, right{grouped(s.CandidatesPerSecond)}, right{fmt.Sprintf("%.1f s", s.WholeSpaceSeconds)})
	}
	fmt.Fprintln(a.out)
	return errors.Join(speeds.write(a.out, a.format), refusedFields(report))
}

// refusedFields is the error of fields with too few values to test.
func refusedFields(report *strength.Report) error {
	n := 0
	for _, f := range report.Result.Fields {
		if f.Refused {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("strength: %s refused, fewer than 10 distinct values: %w", plural(n, "field"), pipeline.ErrIncomplete)
}

func share(n, of int) string {
	if of == 0 {
		return ""
	}
	return perMillion(int64(n) * 1_000_000 / int64(of))
}

// perMillion writes a share in millionths as a percentage.
func perMillion(n int64) string { return fmt.Sprintf("%d.%04d%%", n/10_000, n%10_000) }
