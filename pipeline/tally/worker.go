package tally

import (
	"context"
	"errors"

	"exhibit/pipeline"
)

// worker counts one range of accounts after the other.
type worker struct {
	*month
	cells  cells
	combos combinations
	batch  batch
	ids    []uint32   // of the rows of the batch
	room   [5][]int64 // for columns of the batch
	out    chan<- []row
	chunk  []row

	counts []int64 // records with an account of the file at hand, by combination
	nulls  []int64 // records without
	sent   map[sentDay]sentCount
}

func newWorker(m *month) *worker {
	w := &worker{month: m, cells: cells{limit: m.limits.loose / m.job.Workers}, ids: make([]uint32, batchRows), chunk: m.newChunk()}
	for i := range w.room {
		w.room[i] = make([]int64, batchRows)
	}
	return w
}

// errCrowded: a range of accounts has more loose records than there may be.
var errCrowded = errors.New("a range has too many records")

// ranges counts the accounts from ≤ account_key < to, in as many parts as they
// need to have room: half of a part that has none, and twice one that had much.
func (w *worker) ranges(ctx context.Context, from, to int64) error {
	for width := to - from; from < to; {
		width = min(width, to-from)
		err := w.count(ctx, from, from+width)
		switch {
		case err == nil:
			from += width
			if len(w.cells.loose) < w.cells.limit/4 {
				width *= 2
			}
		case errors.Is(err, errCrowded) && width > 1:
			width = (width + 1) / 2
		default:
			return err
		}
	}
	return w.hand(ctx)
}

// count counts a range and hands over its rows.
func (w *worker) count(ctx context.Context, from, to int64) error {
	w.cells.reset(int(to - from))
	w.sent = map[sentDay]sentCount{}
	clear(w.counts) // of a range that had no room
	clear(w.nulls)
	wanted := func(g group) bool { return g.from < to && from < g.to || g.nulls && from == 0 }
	for i := range w.base {
		err := w.base[i].read(ctx, &w.batch, wanted, func() error { return w.addMonths(from) })
		if err != nil {
			return err
		}
	}
	for i := range w.days {
		s := &w.days[i]
		day := s.day.Time().Day()
		err := s.read(ctx, &w.batch, wanted, func() error { return w.addRecords(from, day) })
		if err != nil {
			return err
		}
		w.settle(s.day)
		if len(w.sent) > w.limits.varied {
			return pipeline.ErrVaried
		}
	}
	if err := w.month.sent.add(w.sent); err != nil {
		return err
	}
	return w.cells.rows(from, w.combos.list, func(r row) error {
		if w.chunk = append(w.chunk, r); len(w.chunk) < chunkRows {
			return nil
		}
		return w.hand(ctx)
	})
}

// number gives each row of the batch the number of its combination.
func (w *worker) number() error {
	recipients, fields := &w.batch.cols[1], &w.batch.cols[2]
	if !fields.dense {
		return errors.New("column fields: is NULL somewhere")
	}
	ids, sets := w.ids[:w.batch.rows], fields.values(w.batch.rows, w.room[2])
	if recipients.same.known {
		last := combination{recipients.same.value, sets[0]}
		id := w.combos.id(last)
		for i, f := range sets {
			if f != last.fields {
				last.fields = f
				id = w.combos.id(last)
			}
			ids[i] = id
		}
	} else {
		last, id := combination{}, uint32(0)
		for i, r := range recipients.values(w.batch.rows, w.room[1]) {
			if x := (combination{r, sets[i]}); x != last || i == 0 {
				last, id = x, w.combos.id(x)
			}
			ids[i] = id
		}
	}
	if len(w.combos.list) > w.limits.varied {
		return pipeline.ErrVaried
	}
	if more := len(w.combos.list) - len(w.counts); more > 0 {
		w.counts = append(w.counts, make([]int64, more)...)
		w.nulls = append(w.nulls, make([]int64, more)...)
	}
	return nil
}

// addRecords counts the records of the batch whose account is in the range.
// Those without an account are the first range's.
func (w *worker) addRecords(from int64, day int) error {
	if err := w.number(); err != nil {
		return err
	}
	accounts := &w.batch.cols[0]
	keys, ids := accounts.i32, w.ids[:w.batch.rows]
	if !accounts.dense {
		next := 0 // those with an account move to the front
		for i, l := range accounts.levels[:w.batch.rows] {
			switch {
			case l != 0:
				ids[next] = ids[i]
				next++
			case from == 0:
				w.nulls[ids[i]]++
			}
		}
		ids = ids[:next]
	}
	return w.addDense(keys[:len(ids)], ids, from, 1<<(day-1))
}

// addDense is where the time goes.
func (w *worker) addDense(keys []int32, ids []uint32, from int64, bit uint32) error {
	counts, base, width := w.counts, w.cells.layer[0], uint32(w.cells.width)
	first := uint32(from)
	for i, key := range keys {
		account := uint32(key) - first
		if account >= width {
			if key < 0 {
				return errNegative
			}
			continue
		}
		id := ids[i]
		counts[id]++
		x := &base[account]
		if x.days == 0 {
			*x = cell{id, bit}
		} else if x.id == id && x.days&bit == 0 {
			x.days |= bit
		} else if !w.cells.put(account, id, bit) {
			return errCrowded
		}
	}
	return nil
}

// addMonths adds the rows of account_months in the batch whose account is in
// the range.
func (w *worker) addMonths(from int64) error {
	if err := w.number(); err != nil {
		return err
	}
	accounts, perDay, days := &w.batch.cols[0], &w.batch.cols[3], &w.batch.cols[4]
	if !accounts.dense || !perDay.dense || !days.dense {
		return errors.New("account_months has a NULL")
	}
	n, masks := perDay.values(w.batch.rows, w.room[3]), days.values(w.batch.rows, w.room[4])
	for i, key := range accounts.i32[:w.batch.rows] {
		if account := int64(key) - from; account >= 0 && account < int64(w.cells.width) {
			if !w.cells.putMany(uint32(account), w.ids[i], uint32(masks[i]), n[i]) {
				return errCrowded
			}
		}
	}
	return nil
}

// settle moves what was counted of a file to its day.
func (w *worker) settle(day pipeline.Day) {
	for id := range w.counts {
		if with, without := w.counts[id], w.nulls[id]; with+without > 0 {
			k := sentDay{day, w.combos.list[id]}
			n := w.sent[k]
			w.sent[k] = sentCount{n.records + with + without, n.without + without}
			w.counts[id], w.nulls[id] = 0, 0
		}
	}
}

// chunkRows are handed over at a time.
const chunkRows = 16 << 10

// newChunk gives an empty chunk, one that was written before if there is one.
func (m *month) newChunk() []row {
	select {
	case c := <-m.free:
		return c[:0]
	default:
		return make([]row, 0, chunkRows)
	}
}

// recycle takes back a chunk that was written.
func (m *month) recycle(c []row) {
	select {
	case m.free <- c:
	default:
	}
}

// hand hands over the chunk, waiting for the writer where it is behind.
func (w *worker) hand(ctx context.Context) error {
	select {
	case w.out <- w.chunk:
		w.chunk = w.newChunk()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
