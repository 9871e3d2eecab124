package pipeline

import (
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
	w := turns{waiting: slices.Clone(rollups), known: map[*Query]int64{}, changed: sync.NewCond(&in.turn)}
	w.reads = func(q *Query) int64 { return rowsOf(q, tables) / int64(in.atATime(q, tables)) }
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
