package lake

import (
	"context"
	"errors"
	"fmt"

	"exhibit/pipeline"
)

// Registry gives the registry of a list: the one that was kept of the first
// files of the list (no Path: none was), and the entries of files, which come
// after it in the order of their keys. columns are those of key, scope and
// name. What is not as it was written is an error wrapping pipeline.ErrVerify.
func (l *Lake) Registry(ctx context.Context, kept pipeline.LakeFile, files []pipeline.LakeFile, columns [3]string) (r *pipeline.Registry, err error) {
	dir, err := l.Staging()
	if err != nil {
		return nil, err
	}
	if kept.Path == "" {
		r = pipeline.KeepRegistry(dir)
	} else {
		if r, err = l.loadRegistry(ctx, kept, dir); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		if err = l.Verify(ctx, f); err == nil {
			if err = addFile(ctx, r, l.Path(f), columns); err != nil {
				err = fmt.Errorf("lake/%s: %w", f.Path, err)
			}
		}
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// loadRegistry reads a registry while its hash is taken, which decides.
func (l *Lake) loadRegistry(ctx context.Context, kept pipeline.LakeFile, dir string) (*pipeline.Registry, error) {
	verified := make(chan error, 1)
	go func() { verified <- l.Verify(ctx, kept) }()
	r, err := pipeline.LoadRegistry(l.Path(kept), dir)
	if wrong := <-verified; wrong != nil {
		if r != nil {
			wrong = errors.Join(wrong, r.Close())
		}
		return nil, wrong
	}
	if err != nil {
		return nil, fmt.Errorf("lake/%s: %w", kept.Path, err)
	}
	return r, nil
}
