package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
)

// inTurn makes rollups, several at a time, each once those that it needs are
// made. make has the inspection to itself but for what it does apart. The first
// error ends the work; it names the rollup.
//
// Like questions, rollups run beside one another while they read few rows at a
// time, a range or a month of them: one that reads more has the memory of engine
// and tally to itself.
func (in *Inspection) inTurn(ctx context.Context, rollups []*Query, tables map[string]table, make func(context.Context, *Query) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := turns{waiting: longestFirst(rollups), known: map[*Query]int64{}, changed: sync.NewCond(&in.turn)}
	w.reads = func(q *Query) int64 { return in.rowsAtATime(q, tables) }
	var wg sync.WaitGroup
	for range max(in.Workers, 1) {
		wg.Go(func() {
			in.turn.Lock()
			defer in.turn.Unlock()
			for {
				q, n := w.next()
				if q == nil {
					return
				}
				err := context.Cause(ctx)
				if err == nil {
					err = make(ctx, q)
				}
				if err != nil {
					cancel(err)
				}
				w.done(q, n, err)
			}
		})
	}
	wg.Wait()
	return w.err
}

// longestFirst orders rollups by how many others have to be made one after the
// other from each, most first: what is made last is then made beside others.
// Among equals those that are added up come first, as they take longest; all
// else keeps its order, and every rollup stands behind those that it needs.
func longestFirst(rollups []*Query) []*Query {
	behind := map[string]int{}
	for _, q := range slices.Backward(rollups) { // each stands behind what it needs
		for _, name := range q.Needs {
			behind[name] = max(behind[name], behind[q.Name]+1)
		}
	}
	added := func(q *Query) int {
		if isAddedUp(q) {
			return 1
		}
		return 0
	}
	return slices.SortedStableFunc(slices.Values(rollups), func(a, b *Query) int {
		return cmp.Or(cmp.Compare(behind[b.Name], behind[a.Name]), cmp.Compare(added(b), added(a)))
	})
}

// apart does long work of a rollup, while others may go on with theirs. The
// work touches nothing of the inspection but its Engine, Store and Tally.
func (in *Inspection) apart(do func()) {
	in.turn.Unlock()
	defer in.turn.Lock()
	do()
}

// turns are the rollups that are yet to be made, and those that are being made.
type turns struct {
	waiting, busy []*Query
	rows          int64 // that those being made read
	reads         func(*Query) int64
	known         map[*Query]int64 // what reads gave
	err           error
	changed       *sync.Cond
}

// next waits for a rollup that can be made, and the rows that it reads; nil
// where none is left.
func (w *turns) next() (*Query, int64) {
	for len(w.waiting) > 0 && w.err == nil {
		for i, q := range w.waiting {
			if w.blocked(q) && (len(w.busy) > 0 || i < len(w.waiting)-1) {
				continue // the last says what it lacks, where all wait for one another
			}
			n, known := w.known[q]
			if !known {
				n = min(w.reads(q), besideRows)
				w.known[q] = n
			}
			if len(w.busy) > 0 && w.rows+n > besideRows {
				continue
			}
			w.waiting = slices.Delete(w.waiting, i, i+1)
			w.busy = append(w.busy, q)
			w.rows += n
			return q, n
		}
		w.changed.Wait()
	}
	return nil, 0
}

// rowsAtATime is the number of rows that a rollup reads at a time, about.
func (in *Inspection) rowsAtATime(q *Query, tables map[string]table) int64 {
	n := rowsOf(q, tables) / int64(in.atATime(q, tables))
	if n < besideRows/2 || q.Scope == "" {
		return n // as good as exact
	}
	scopes, err := in.scopes(q, tables)
	if err != nil {
		return n // which its making tells
	}
	most := int64(0)
	for _, s := range scopes {
		most = max(most, in.rowsLacking(q, s))
	}
	return most
}

// rowsLacking is the number of rows that are read to make one scope of a rollup:
// none where it is made, and no records of the days of which it is kept.
func (in *Inspection) rowsLacking(q *Query, s scope) int64 {
	key, err := in.rollupKey(q, s.tables)
	if err != nil {
		return besideRows
	}
	if _, made := in.Store.Rollup(key); made {
		return 0
	}
	if !isTallied(q) && !isAddedByDay(q) {
		return rowsOf(q, s.tables)
	}
	wanted, err := in.dayFamily(q, s)
	if err != nil {
		return besideRows
	}
	base := in.ancestor(wanted)
	if base == nil {
		return rowsOf(q, s.tables)
	}
	n := int64(0)
	for _, f := range base.Files {
		n += f.Rows
	}
	transfers := s.tables["transfers"]
	for i, f := range transfers.Files {
		if day, ok := f.Values["transfer_date"].(Day); !ok || base.Parts[day.String()] == "" {
			n += transfers.lake[i].Rows
		}
	}
	return n
}

// atATime is the number of parts of about one size that a rollup is made in,
// one after the other, or of which it reads one: that of a folded rollup which
// is kept of the closed months is the last month.
func (in *Inspection) atATime(q *Query, tables map[string]table) int {
	parts := 1
	switch {
	case isAddedUp(q) || isOfPersons(q):
		parts = max(1, len(in.ranges(q))/rangesAtOnce)
	case q.Range != "":
		parts = len(in.ranges(q))
	default:
		parts = max(1, in.partsOf(q))
	}
	if isFolded(q) {
		if months, kept := in.closedKept(q, tables); kept {
			parts *= months
		}
	}
	return parts
}

// closedKept says whether a folded rollup is kept of all months but the last,
// and how many months there are.
func (in *Inspection) closedKept(q *Query, tables map[string]table) (months int, kept bool) {
	all, err := in.foldFamily(q, tables)
	if err != nil {
		return 0, false // which its making tells
	}
	key, err := closedKey(all.without(1))
	if err != nil {
		return 0, false
	}
	_, kept = in.Store.Rollup(key)
	return max(1, len(all.Parts)), kept
}

// blocked says whether a rollup needs one that is not made yet, or is made
// together with one.
func (w *turns) blocked(q *Query) bool {
	return slices.ContainsFunc(slices.Concat(w.waiting, w.busy), func(o *Query) bool {
		return o != q && (slices.Contains(q.Needs, o.Name) || q.Name == tallied[1] && o.Name == tallied[0])
	})
}

func (w *turns) done(q *Query, n int64, err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("%s: %w", q.Path, err)
	}
	w.busy = slices.DeleteFunc(w.busy, func(o *Query) bool { return o == q })
	w.rows -= n
	w.changed.Broadcast()
}
