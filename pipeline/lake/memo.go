package lake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"exhibit/pipeline"
)

const memoName = "rollups.json"

// memo says which files hold the rollup of which inputs.
type memo map[string]pipeline.Rollup

func (l *Lake) loadMemo() error {
	l.memo = memo{}
	return l.loadJSON(memoName, &l.memo)
}

// loadJSON reads one of the lake's own small files; a missing one is empty.
func (l *Lake) loadJSON(name string, into any) error {
	data, err := os.ReadFile(filepath.Join(l.root, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("lake/%s: %w", name, err)
	}
	return nil
}

// Rollup finds the files of a rollup by the key of its inputs. Files that are
// not all in their place are not found.
func (l *Lake) Rollup(key string) ([]pipeline.LakeFile, bool) {
	l.mu.Lock()
	r, ok := l.memo[key]
	l.mu.Unlock()
	if !ok || !l.whole(r) {
		return nil, false
	}
	return r.Files, true
}

// whole says whether all files of a rollup are in their place.
func (l *Lake) whole(r pipeline.Rollup) bool {
	for _, f := range r.Files {
		if !l.Present(f) {
			return false
		}
	}
	return true
}

// Kept lists the files of the rollups that are kept, in any order.
func (l *Lake) Kept() (files []pipeline.LakeFile) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.memo {
		files = append(files, r.Files...)
	}
	return files
}

// Family finds the kept rollups of a family whose files are in their place, in
// the order of their keys.
func (l *Lake) Family(family string) []pipeline.Rollup {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []pipeline.Rollup
	for _, key := range slices.Sorted(maps.Keys(l.memo)) {
		if r := l.memo[key]; r.Family == family && l.whole(r) {
			out = append(out, r)
		}
	}
	return out
}

// flushAfter is how much work a killed process may lose: rollups are small and
// many, and a disk takes longer for each than the engine for most.
const flushAfter = time.Second

// Remember puts the committed files in their place and keeps the rollups under
// the keys of their inputs. They are found from now on, and on disk with the
// next Flush, at the latest with the first Remember a second after the last.
func (l *Lake) Remember(rollups map[string]pipeline.Rollup) error {
	if len(rollups) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.noted {
		l.placed = append(l.placed, f.to)
	}
	if err := l.place(); err != nil {
		return err
	}
	maps.Copy(l.memo, rollups)
	l.unsaved = true
	if time.Since(l.flushed) < flushAfter {
		return nil
	}
	return l.flush()
}

// saveMemo writes the memo where it changed. It names nothing that is not on
// disk: the caller has seen to that.
func (l *Lake) saveMemo() error {
	if !l.unsaved {
		return nil
	}
	if err := l.saveJSON(memoName, l.memo); err != nil {
		return err
	}
	l.unsaved = false
	return nil
}

func (l *Lake) saveJSON(name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := os.MkdirAll(l.root, 0o755); err != nil {
		return err
	}
	return pipeline.ReplaceFile(filepath.Join(l.root, name), data)
}

// Forget drops every rollup but those in keep, and removes the files that no
// kept rollup names.
func (l *Lake) Forget(keep map[string]bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := map[string]bool{}
	drop := map[string]bool{}
	for key, r := range l.memo {
		for _, f := range r.Files {
			if keep[key] {
				kept[f.Path] = true
			} else {
				drop[f.Path] = true
			}
		}
		if !keep[key] {
			delete(l.memo, key)
		}
	}
	l.unsaved = l.unsaved || len(drop) > 0
	if err := l.flush(); err != nil {
		return err
	}
	for path := range drop {
		if kept[path] {
			continue
		}
		if err := os.Remove(filepath.Join(l.root, filepath.FromSlash(path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
