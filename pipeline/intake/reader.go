package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"exhibit/pipeline"
)

// Options are the machine's settings. None of them changes what a file of
// ordinary records gives.
type Options struct {
	// MaxRecord is the longest record in bytes; 0 means MaxRecord, the constant.
	MaxRecord int
	// Threads is how many goroutines may check records beside those that read
	// files; 0 means one for each processor, 1 none.
	Threads int
	// Progress, where there is one, is told of n more records that were read, by
	// the goroutine of any file.
	Progress func(n int64)
	// Open opens a delivered file; nil means os.Open.
	Open func(path string) (io.ReadCloser, error)
}

// Reader reads delivered files. It is safe for concurrent use; each Read takes
// a goroutine beside its own, and for a large CSV file a few more.
type Reader struct {
	opts    Options
	codecs  codecs
	spares  spares
	helpers helpers
	room    room
	batch   batchSize          // tests: smaller ones
	probe   func(record int64) // tests: called before each record is checked, by any goroutine
	held    int32              // tests: in place of inMemory
}

var _ pipeline.Reader = (*Reader)(nil)

// New gives a Reader.
func New(opts Options) *Reader {
	if opts.MaxRecord == 0 {
		opts.MaxRecord = MaxRecord
	}
	if opts.Open == nil {
		opts.Open = openRegular
	}
	if opts.Threads == 0 {
		opts.Threads = runtime.GOMAXPROCS(0)
	}
	r := &Reader{opts: opts, held: inMemory}
	r.room.clear()
	if opts.Threads > 1 {
		r.helpers.idle.Store(int64(opts.Threads))
	}
	return r
}

func openRegular(path string) (io.ReadCloser, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, refusal("it is no regular file")
	}
	return os.Open(path)
}

// Read implements pipeline.Reader. Receipt.Path is left to the caller, who knows
// the inbox. A refused file leaves nothing below dir; its receipt still has the
// hash and the size of all its bytes, and what was counted up to the refusal.
// Something that is no regular file has no hash.
func (r *Reader) Read(ctx context.Context, src *pipeline.Source, path, dir string, known pipeline.Known) (*pipeline.Staged, error) {
	l, err := compile(src)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", src.Name, err)
	}
	f := r.delivery(newDelivery(l, filepath.Base(path), dir, known))
	err = r.take(ctx, f, path)
	f.progress(f.records % progressEvery)
	var why refusal
	switch {
	case errors.As(err, &why):
		return f.refused(why)
	case err != nil:
		return nil, errors.Join(err, f.discard())
	}
	return f.loaded(ctx)
}

// delivery gives the reading of a file what the Reader has for all of them.
func (r *Reader) delivery(f *delivery) *delivery {
	f.codec, f.limit, f.probe = r.codecs.get(f.charset), r.opts.MaxRecord, r.probe
	f.local.limit, f.named.limit = r.held, r.held
	for range f.unique {
		f.taken = append(f.taken, newTaken(f.dir, int(r.held)))
	}
	if r.opts.Progress != nil {
		f.progress = r.opts.Progress
	}
	f.helpers, f.spares, f.batch = &r.helpers, &r.spares, r.batch
	f.rows.room, f.rows.helpers = &r.room, &r.helpers
	return f
}

// take reads a file to its last byte and holds what was read against what was
// counted. It returns nil, a refusal, or the machine's error.
func (r *Reader) take(ctx context.Context, f *delivery, path string) error {
	in, err := r.opts.Open(path)
	if err != nil {
		return err
	}
	switch f.src.Format {
	case formatParquet:
		err = takeParquet(ctx, f, in, path)
	case formatXLSX:
		err = takeXLSX(ctx, f, in, path)
	default:
		err = r.takeStream(ctx, f, in, path)
	}
	if cerr := in.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return guard(f.settle)
}

// takeParquet reads a file that is hashed first, and then read at any place.
func takeParquet(ctx context.Context, f *delivery, in io.Reader, path string) error {
	h, err := hashFile(ctx, in)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f.total = tally{sum: h.sum, size: h.size}
	err = guard(func() error {
		if err := f.readName(); err != nil {
			return err
		}
		return f.readParquet(h)
	})
	if h.err != nil {
		return fmt.Errorf("%s: %w", path, h.err)
	}
	return err
}

// takeStream reads a file from first to last byte, once.
func (r *Reader) takeStream(ctx context.Context, f *delivery, in io.Reader, path string) error {
	s := newStream(filepath.Base(path), f.charset, &f.dialect, &r.spares)
	go s.run(ctx, in)
	err := guard(func() error { return f.read(s) })
	s.abandon()
	if f.t != nil {
		r.spares.give(f.t.buf)
		f.t.buf = nil
	}
	f.tallied(s)
	if s.err != nil {
		return fmt.Errorf("%s: %w", path, s.err)
	}
	return err
}

// tallied takes over what the stream counted.
func (f *delivery) tallied(s *stream) {
	f.total = tally{sum: s.sum, size: s.bytes, text: s.text, lines: s.lines.lines(), records: s.count.total()}
	if f.t != nil {
		f.total.cut, f.staged.Newlines = f.t.cut > 0, f.t.newlines
	}
}

// refused gives the receipt of a refused file.
func (f *delivery) refused(why refusal) (*pipeline.Staged, error) {
	f.seal()
	f.staged.Status, f.staged.Reason = pipeline.Refused, string(why)
	f.staged.Days, f.staged.Fields, f.staged.NewFields = nil, nil, nil
	return f.alone(), f.discard()
}

// alone gives a copy of what was staged: a pointer into the delivery would keep
// its tables of accounts in memory for as long as the receipt is held.
func (f *delivery) alone() *pipeline.Staged {
	st := f.staged
	return &st
}

// loaded closes the staged files and gives the receipt.
func (f *delivery) loaded(ctx context.Context) (*pipeline.Staged, error) {
	f.seal()
	f.staged.Status = pipeline.Loaded
	var err [4]error
	f.staged.Rows, err[0] = f.rows.finish(ctx)
	f.staged.Rejects, err[1] = f.rejects.finish(ctx)
	f.staged.NewAccounts, err[2] = f.accounts.finish(ctx)
	f.staged.Recipients, err[3] = f.recipients.finish(ctx)
	if err := errors.Join(err[:]...); err != nil {
		return nil, errors.Join(err, f.discard())
	}
	for _, more := range f.rows.more {
		f.staged.MoreRows = append(f.staged.MoreRows, more.path)
	}
	f.staged.New, f.staged.Ordered, f.staged.Same = f.local.len(), f.rows.ordered, f.rows.same
	return f.alone(), f.forget()
}

// seal writes the identity of the bytes and the counts into the receipt.
func (f *delivery) seal() {
	if sum := f.total.sum; sum != "" {
		f.staged.SHA256, f.staged.FileID, f.staged.Bytes = sum, sum[:12], f.total.size
	}
	f.staged.Records = f.staged.Accepted + f.staged.Rejected // settle held this against what was read
	f.staged.Lines = f.lines
}

func (f *delivery) discard() error {
	return errors.Join(f.rows.discard(), f.rejects.discard(), f.accounts.discard(), f.recipients.discard(), f.forget())
}

// forget ends what is remembered of the values of unique fields.
func (f *delivery) forget() error {
	var errs []error
	for _, t := range f.taken {
		errs = append(errs, t.close())
	}
	return errors.Join(errs...)
}
