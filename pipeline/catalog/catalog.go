// Package catalog reads a folder of SQL files into queries, in the order in
// which they run, and holds them to the rules of the project.
//
// A query is one file, <kind>/<name>.sql: a header of "-- key: value" lines
// from a closed list, a bare "--", prose that becomes the footnote, and plain
// SQL. Beside it lies <name>.txtar, the worked example. The same reader serves
// the built-in files and a case's own; it runs nothing and touches no data.
package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"exhibit/pipeline"
)

// kinds are the folders, in running order.
var kinds = []pipeline.QueryKind{
	pipeline.RollupQuery, pipeline.CheckQuery, pipeline.FigureQuery, pipeline.TableQuery, pipeline.FindingQuery,
}

// Load reads every query below fsys and returns them in running order: rollups
// so that each comes after those that it needs, then checks, figures, tables
// and findings by name. A folder that is not there holds nothing. All errors
// are reported together, each as "rollup/x.sql:LINE: cause".
func Load(fsys fs.FS) ([]pipeline.Query, error) {
	errs := unknownFolders(fsys)
	var queries []pipeline.Query
	for _, kind := range kinds {
		found, err := loadFolder(fsys, kind)
		queries = append(queries, found...)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return order(queries)
}

// Merge puts a case's own queries beside the built-in ones, in running order.
// Two queries of one kind and name are an error: a case cannot replace what a
// reader knows under that name.
func Merge(builtin, own []pipeline.Query) ([]pipeline.Query, error) {
	var errs []error
	for _, o := range own {
		for _, b := range builtin {
			if o.Kind == b.Kind && o.Name == b.Name {
				errs = append(errs, fmt.Errorf("%s:1: there is a built-in %s %s already; give this one another name", o.Path, b.Kind, b.Name))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return order(slices.Concat(builtin, own))
}

// unknownFolders finds what is probably a folder with a misspelt name, whose
// queries would otherwise be left out without a word.
func unknownFolders(fsys fs.FS) []error {
	entries, err := fs.ReadDir(fsys, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []error{fmt.Errorf("sql folder: %w", err)}
	}
	var errs []error
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(kinds, pipeline.QueryKind(e.Name())) {
			errs = append(errs, fmt.Errorf("%s: no kind of query; folders are %s", e.Name(), listOf(kinds)))
		}
	}
	return errs
}

func loadFolder(fsys fs.FS, kind pipeline.QueryKind) ([]pipeline.Query, error) {
	entries, err := fs.ReadDir(fsys, string(kind))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	var queries []pipeline.Query
	var errs []error
	variants := map[string]map[string]string{} // name → engine → SQL
	for _, e := range entries {
		file := path.Join(string(kind), e.Name())
		name, isSQL := strings.CutSuffix(e.Name(), ".sql")
		switch {
		case strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), ".txtar"):
			continue
		case !isSQL || e.IsDir():
			errs = append(errs, fmt.Errorf("%s: no query; queries end in .sql, examples in .txtar", file))
			continue
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
			continue
		}
		if base, engine, ok := strings.Cut(name, "."); ok {
			if variants[base] == nil {
				variants[base] = map[string]string{}
			}
			variants[base][engine] = string(text)
			continue
		}
		q, err := Parse(file, string(text))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		queries = append(queries, q)
	}
	errs = append(errs, attach(queries, variants, kind)...)
	return queries, errors.Join(errs...)
}

// attach gives each query its variants.
func attach(queries []pipeline.Query, variants map[string]map[string]string, kind pipeline.QueryKind) []error {
	for i := range queries {
		if v, ok := variants[queries[i].Name]; ok {
			queries[i].Variants = v
			delete(variants, queries[i].Name)
		}
	}
	var errs []error
	for _, base := range sortedKeys(variants) {
		for _, engine := range sortedKeys(variants[base]) {
			errs = append(errs, fmt.Errorf("%s/%s.%s.sql: a variant of %s.sql, which is not there or has errors", kind, base, engine, base))
		}
	}
	return errs
}

// order sorts queries into running order.
func order(queries []pipeline.Query) ([]pipeline.Query, error) {
	queries = slices.Clone(queries)
	slices.SortFunc(queries, func(a, b pipeline.Query) int {
		if c := slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	n := 0
	for n < len(queries) && queries[n].Kind == pipeline.RollupQuery {
		n++
	}
	rollups, err := topological(queries[:n])
	if err != nil {
		return nil, err
	}
	return append(rollups, queries[n:]...), nil
}

// topological sorts rollups, given by name, so that each follows its needs.
// Needs that are no rollups of the list are tables of the lake.
func topological(rollups []pipeline.Query) ([]pipeline.Query, error) {
	waiting := slices.Clone(rollups)
	sorted := make([]pipeline.Query, 0, len(rollups))
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(q pipeline.Query) bool {
			return !slices.ContainsFunc(waiting, func(w pipeline.Query) bool { return slices.Contains(q.Needs, w.Name) })
		})
		if next < 0 {
			names := make([]string, len(waiting))
			for i, q := range waiting {
				names[i] = q.Name
			}
			return nil, fmt.Errorf("%s:1: rollups need each other in a circle: %s", waiting[0].Path, strings.Join(names, ", "))
		}
		sorted = append(sorted, waiting[next])
		waiting = slices.Delete(waiting, next, next+1)
	}
	return sorted, nil
}

// digest is the SHA-256 of a text in hex.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func listOf[T ~string](names []T) string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = string(n)
	}
	return strings.Join(texts, ", ")
}
