package pipeline

import (
	"context"
	"fmt"
	"sync"
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
// everything else away: nobody who forgot to name a table among the needs may
// read it.
func (in *Inspection) mountFor(ctx context.Context, queries []*Query, tables map[string]table) error {
	needs := map[string]bool{}
	for _, q := range queries {
		if err := in.verifyFor(ctx, q, tables); err != nil {
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
	var all []table
	for _, name := range sortedKeys(needs) {
		if t, ok := tables[name]; ok { // whoever needs another gets the engine's error
			all = append(all, t)
		}
	}
	return in.mountTogether(ctx, all)
}

func (in *Inspection) verifyFor(ctx context.Context, q *Query, tables map[string]table) error {
	in.turn.Lock()
	defer in.turn.Unlock()
	return in.verifyNeeds(ctx, q.Needs, tables)
}

// besideRows is how many rows of the lake the queries that run beside one
// another read together. One that reads more by itself runs alone: it has the
// memory of the engine to itself.
const besideRows = 1 << 22

// beside runs queries on mounted tables, several at a time, and hands over what
// each gives in their order.
func beside[T any](ctx context.Context, in *Inspection, queries []*Query, tables map[string]table,
	run func(context.Context, *Query) (T, error), take func(*Query, T)) error {
	room := rows{left: besideRows, changed: sync.NewCond(&sync.Mutex{})}
	return ordered(ctx, len(queries), in.Workers, in.Workers, func(ctx context.Context, i int) (T, error) {
		n := min(rowsOf(queries[i], tables), besideRows)
		room.take(n)
		defer room.take(-n)
		r, err := run(ctx, queries[i])
		if err != nil {
			err = fmt.Errorf("%s: %w", queries[i].Path, err)
		}
		return r, err
	}, func(i int, r T) error {
		take(queries[i], r)
		return nil
	})
}

// rows are those that may still be read beside others.
type rows struct {
	left    int64
	changed *sync.Cond
}

// take waits until n rows are left, and takes them; less than none gives back.
func (r *rows) take(n int64) {
	r.changed.L.Lock()
	defer r.changed.L.Unlock()
	for r.left < n {
		r.changed.Wait()
	}
	r.left -= n
	r.changed.Broadcast()
}

// rowsOf is the number of rows in all tables that a query needs.
func rowsOf(q *Query, tables map[string]table) int64 {
	n := int64(0)
	for _, name := range q.Needs {
		t := tables[name]
		n += t.rows()
	}
	return n
}
