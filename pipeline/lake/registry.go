package lake

import (
	"context"
	"errors"
	"fmt"

	"exhibit/pipeline"

	"github.com/apache/arrow-go/v18/parquet/file"
)

// FooterRows reads the number of rows from a file's footer with arrow-go,
// which shares no code with the engine that wrote it.
func (l *Lake) FooterRows(f pipeline.LakeFile) (int64, error) {
	n, err := rowsOf(l.Path(f))
	if err != nil {
		return 0, fmt.Errorf("lake/%s: %w", f.Path, err)
	}
	return n, nil
}

func rowsOf(path string) (int64, error) {
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return 0, err
	}
	n := r.NumRows()
	return n, r.Close()
}

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
		if r, err = l.loadRegistry(kept, dir); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		if err = l.Verify(f); err == nil {
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
func (l *Lake) loadRegistry(kept pipeline.LakeFile, dir string) (*pipeline.Registry, error) {
	verified := make(chan error, 1)
	go func() { verified <- l.Verify(kept) }()
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
