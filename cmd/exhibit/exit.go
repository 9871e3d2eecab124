package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"exhibit/pipeline"
)

// exitHelp stands at the end of every help text.
const exitHelp = `Exit codes:
  0  done
  1  error
  2  usage or configuration
  3  finished but incomplete, or held back by a check
  4  verification failed
  5  case in use
  130  interrupted
`

// exitCode is the only place where an error becomes an exit code.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		return 130
	case errors.Is(err, pipeline.ErrInUse):
		return 5
	case errors.Is(err, pipeline.ErrVerify):
		return 4
	case errors.Is(err, pipeline.ErrIncomplete):
		return 3
	case errors.Is(err, pipeline.ErrConfig):
		return 2
	}
	return 1
}

// tell writes an error for people: place, cause, and what can be done.
func tell(w io.Writer, err error) {
	switch {
	case err == nil:
		return
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "exhibit: interrupted; what was committed stays, and the next run goes on from there")
		return
	}
	fmt.Fprintf(w, "exhibit: %v\n", err)
	var hinted *pipeline.Hinted
	if errors.As(err, &hinted) {
		fmt.Fprintf(w, "hint: %s\n", hinted.Hint)
	}
}

// usage marks an error as the user's, with a hint.
func usage(hint, format string, args ...any) error {
	err := pipeline.Misuse(fmt.Errorf(format, args...))
	if hint == "" {
		return err
	}
	return pipeline.WithHint(err, hint)
}
