package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"exhibit/pipeline/casefile"

	"github.com/spf13/cobra"
)

func (a *app) initVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Make the folder of a new case, with a case.yaml to fill in",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			path := filepath.Join(a.caseDir, "case.yaml")
			for _, dir := range []string{"inbox", "sql/check", "sql/figure", "sql/finding"} {
				if err := os.MkdirAll(filepath.Join(a.caseDir, dir), 0o755); err != nil {
					return err
				}
			}
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if errors.Is(err, fs.ErrExist) {
				return usage("edit it, or name another folder with --case", "%s: exists already", path)
			}
			if err != nil {
				return err
			}
			_, err = f.Write(casefile.Starter())
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
			fmt.Fprintf(a.err, "%s written; put the delivered files below %s, describe them in case.yaml, then exhibit run\n",
				path, filepath.Join(a.caseDir, "inbox"))
			return nil
		},
	}
}
