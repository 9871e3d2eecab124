package pipeline

import (
	"context"
	"os"
)

// A delivered file whose size, times or inode changed is most often the same
// file: a case that was copied, or came out of a backup. Its bytes are hashed,
// and read as records only where they are other bytes.

// takenBefore gives, by path, a copy of the receipt of each file of a source
// that is not to be read again as long as it has the same bytes.
func (in *Inspection) takenBefore(src *Source) map[string]*Receipt {
	out := map[string]*Receipt{}
	for _, r := range in.State().Receipts {
		if r.Source != src.Name {
			continue
		}
		delete(out, r.Path)
		if !in.again(r) {
			still := *r
			out[r.Path] = &still
		}
	}
	return out
}

// touched gives what is known of a file that was taken in and has the same bytes
// still; nil where it has to be read.
func (in *Inspection) touched(ctx context.Context, f *delivered) (*Staged, error) {
	if f.taken == nil {
		return nil, nil
	}
	info, err := os.Stat(in.path(f.path))
	if err != nil || info.Size() != f.taken.Bytes {
		return nil, nil // reading says what is wrong
	}
	sum, _, err := FileSHA256(ctx, in.path(f.path))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil || sum != f.taken.SHA256 {
		return nil, nil
	}
	return &Staged{Receipt: *f.taken}, nil
}

// untouched reads a file after all where it was touched, and what was done
// meanwhile asks for its records.
func (in *Inspection) untouched(ctx context.Context, st *Staged, f *delivered, dir string, opened func() error) (*Staged, error) {
	if f.taken == nil || st.SHA256 != f.taken.SHA256 || st.Rows != "" {
		return st, nil
	}
	if was := in.State().Receipt(st.Key(), st.Path); was != nil && !in.again(was) {
		return st, nil
	}
	return in.read(ctx, f, dir, opened)
}

// read reads a file into a folder of staging.
func (in *Inspection) read(ctx context.Context, f *delivered, dir string, opened func() error) (*Staged, error) {
	st, err := in.Reader.Read(ctx, f.source, in.path(f.path), dir, in.accountsAfter(opened))
	if err == nil {
		st.Path, st.Layout = f.path, in.layouts[f.source.Name]
	}
	return st, err
}
