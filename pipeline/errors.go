package pipeline

import "errors"

// What a caller branches on. Everything else is an error of the machine or of
// the program and ends with exit code 1.
var (
	// ErrInUse: another process works on the case.
	ErrInUse = errors.New("case in use")
	// ErrConfig: case.yaml, a flag or a setting is wrong; nothing was done.
	ErrConfig = errors.New("configuration")
	// ErrVerify: what is on disk is not what the ledger says.
	ErrVerify = errors.New("verification failed")
	// ErrIncomplete: the work was done, but something is missing or held back.
	ErrIncomplete = errors.New("finished but incomplete")
)

// Hinted is an error with something that the reader can do about it.
type Hinted struct {
	Err  error
	Hint string
}

func (h *Hinted) Error() string { return h.Err.Error() }
func (h *Hinted) Unwrap() error { return h.Err }

// WithHint adds a hint to an error.
func WithHint(err error, hint string) error { return &Hinted{err, hint} }

// Misuse marks an error as one of configuration or usage: errors.Is(err,
// ErrConfig) holds, and the text stays what it is.
func Misuse(err error) error {
	if err == nil {
		return nil
	}
	return &misuse{err}
}

type misuse struct{ err error }

func (m *misuse) Error() string   { return m.err.Error() }
func (m *misuse) Unwrap() []error { return []error{m.err, ErrConfig} }
