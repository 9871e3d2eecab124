package duckdb

import (
	"context"
	"fmt"
	"strings"

	"exhibit/pipeline"
)

// checkFooters holds the columns of every file against the declaration. The
// engine itself would take the schema of the first file for that of all, and
// pass over what is more or other in the rest. It is asked where the footers are
// not plain to read without it. It gives the number of rows by the footers, or -1
// where the engine was asked.
func (l link) checkFooters(ctx context.Context, t pipeline.Mounted, keys []pipeline.Column, paths []string) (int64, error) {
	inPath := map[string]bool{}
	for _, k := range keys {
		inPath[k.Name] = true
	}
	if rows, ok := plainFooters(ctx, t, inPath); ok {
		return rows, nil
	}
	var want []string
	for _, c := range t.Def.Columns {
		typ := c.Type
		if inPath[c.Name] {
			typ = ""
		}
		want = append(want, fmt.Sprintf("(%s, %s)", quote(c.Name), quote(typ)))
	}
	text := fmt.Sprintf(`
WITH want(name, type) AS (VALUES %s),
have AS (SELECT file_name AS path, name, duckdb_type AS type FROM parquet_schema([%s]) WHERE num_children IS NULL),
files AS (SELECT unnest([%[2]s]) AS path)
SELECT f.path, w.name, w.type, h.type FROM files f CROSS JOIN want w LEFT JOIN have h ON h.path = f.path AND h.name = w.name
WHERE coalesce(h.type, '') <> w.type ORDER BY ALL LIMIT 1`, strings.Join(want, ", "), strings.Join(paths, ", "))
	r, err := l.rows(ctx, text, 0)
	if err != nil || len(r.Values) == 0 {
		return -1, err
	}
	bad := r.Values[0]
	switch {
	case bad[2] == "":
		return -1, fmt.Errorf("%v: column %v stands in the path and in the file", bad[0], bad[1])
	case bad[3] == nil:
		return -1, fmt.Errorf("%v: no column %v", bad[0], bad[1])
	}
	return -1, fmt.Errorf("%v: column %v is %v, not %v", bad[0], bad[1], bad[3], bad[2])
}
