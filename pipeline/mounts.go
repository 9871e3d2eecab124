package pipeline

import (
	"context"
	"fmt"
)

// asked are the queries that are run on the derived tables: all but rollups.
func (in *Inspection) asked() []*Query {
	var out []*Query
	for i := range in.Queries {
		if q := &in.Queries[i]; q.Kind != RollupQuery {
			out = append(out, q)
		}
	}
	return out
}

// mountFor makes visible what some queries need, whole and verified, and takes
// everything else away: what is left of the making of a rollup may be a month
// of a table, and nobody who forgot to name it among the needs may read that.
func (in *Inspection) mountFor(ctx context.Context, queries []*Query, tables map[string]table) error {
	needs := map[string]bool{}
	for _, q := range queries {
		if err := in.verifyNeeds(q.Needs, tables); err != nil {
			return fmt.Errorf("%s: %w", q.Path, err)
		}
		for _, name := range q.Needs {
			needs[name] = true
		}
	}
	for _, name := range sortedKeys(in.mounted) {
		if !needs[name] {
			if err := in.Engine.Unmount(ctx, name); err != nil {
				return err
			}
			delete(in.mounted, name)
		}
	}
	for _, name := range sortedKeys(needs) {
		if t, ok := tables[name]; ok { // whoever needs another gets the engine's error
			if err := in.mount(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}
