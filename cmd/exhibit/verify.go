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
	"strings"

	"exhibit/pipeline"

	"github.com/spf13/cobra"
)

func (a *app) verifyVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify",
		Short: "Hash every delivered file, the lake and the sealed runs again, and compare",
		Long: "Reads every delivered file that the ledger names, every file of the lake and every file of the\n" +
			"sealed runs from end to end and compares their SHA-256 with what was written down: a run looks\n" +
			"at size, time and inode of what it knows. The ledger itself is held against its checkpoint\n" +
			"first, as by every verb. Writes nothing; exits 4 where something is not as it was.",
		Args: cobra.NoArgs,
	}
	c.RunE = a.lookingAlone(func(c *cobra.Command, o *opened) error {
		delivered, lake, err := o.Verify(c.Context())
		if err != nil {
			return err
		}
		runs, err := o.verifyRuns(c.Context())
		if err != nil {
			return err
		}
		o.talk.done()
		return a.printVerified([]pipeline.Verified{delivered, lake, runs})
	})
	a.formatFlag(c, "table", "csv", "json", "jsonl")
	return c
}

// verifyRuns reads every sealed run, which compares each of its files.
func (o *opened) verifyRuns(ctx context.Context) (pipeline.Verified, error) {
	v := pipeline.Verified{What: "runs", Wrong: []string{}}
	var ids []string
	for _, e := range o.ledger.Entries() {
		if e.Run != nil {
			ids = append(ids, e.Run.RunID)
		}
	}
	o.talk.Stage("verify runs", len(ids))
	for _, id := range ids {
		if err := context.Cause(ctx); err != nil {
			return v, err
		}
		if _, err := os.Stat(o.RunFolder(id)); errors.Is(err, fs.ErrNotExist) {
			v.Wrong = append(v.Wrong, fmt.Sprintf("runs/%s: is gone", id))
			continue
		}
		r, err := o.load(id, nil)
		if err != nil {
			v.Wrong = append(v.Wrong, strings.TrimSuffix(err.Error(), ": "+pipeline.ErrVerify.Error()))
			continue
		}
		for _, name := range sealedFiles(&r.Manifest) {
			info, err := os.Stat(filepath.Join(o.RunFolder(id), filepath.FromSlash(name)))
			if err != nil {
				return v, err
			}
			v.Files, v.Bytes = v.Files+1, v.Bytes+info.Size()
		}
		o.talk.Step(1, 0)
	}
	return v, nil
}

// sealedFiles are the files of a run folder that its seal holds.
func sealedFiles(m *pipeline.Manifest) []string {
	files := append([]string{"run.json"}, slices.Collect(maps.Keys(m.Results))...)
	for path := range m.Queries {
		files = append(files, "sql/"+path)
	}
	return files
}

func (a *app) printVerified(all []pipeline.Verified) error {
	files, wrong := 0, 0
	t := newTable("what", "files", "bytes", "wrong")
	for _, v := range all {
		files, wrong = files+v.Files, wrong+len(v.Wrong)
		t.add(v.What, int64(v.Files), v.Bytes, int64(len(v.Wrong)))
	}
	if a.format == "json" {
		if err := writeJSON(a.out, struct {
			SchemaVersion int                 `json:"schema_version"`
			Verified      []pipeline.Verified `json:"verified"`
		}{pipeline.SchemaVersion, all}); err != nil {
			return err
		}
	} else if err := t.write(a.out, a.format); err != nil {
		return err
	}
	for _, v := range all {
		for _, s := range v.Wrong {
			fmt.Fprintf(a.err, "wrong: %s\n", printable(s))
		}
	}
	if wrong > 0 {
		return pipeline.WithHint(fmt.Errorf("%s in %s: %w", plural(wrong, "difference"), plural(files, "file"), pipeline.ErrVerify),
			"the folder lake may be deleted, and run makes it anew; delivered files and sealed runs are evidence: find out what changed them")
	}
	return nil
}
