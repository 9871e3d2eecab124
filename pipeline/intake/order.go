package intake

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// Rows of all files that are read at a time wait in this much memory to be put in
// order: keyBytes are for keys, which of the values are NULL and how long texts
// are, and enough for some thirty million rows of two attributes; valueBytes for the
// values, as far as they go.
const (
	keyBytes   = 192 << 20
	valueBytes = 160 << 20
)

// room is what is left of it.
type room struct{ keys, values atomic.Int64 }

func (r *room) clear() {
	r.keys.Store(keyBytes)
	r.values.Store(valueBytes)
}

func take(left *atomic.Int64, bytes int64) bool {
	if left.Add(-bytes) >= 0 {
		return true
	}
	left.Add(bytes)
	return false
}

// part is a row group that is held, in order in itself: to put parts together,
// each is read from its beginning to its end.
type part struct {
	keys  buffer
	cols  []packedColumn // that of the keys is empty
	aside *asideFile     // where the values of cols are; nil: in memory
}

// hold keeps the rows in the buffers until all are there, and says so; false
// where they have to be written at once. Values that memory has no room for are
// put aside on disk.
func (t *table) hold() (bool, error) {
	if t.key < 0 || t.room == nil || t.w != nil || len(t.held) == 1<<placeBits-1 {
		return false, nil
	}
	if t.bytes() > largePart {
		return false, nil
	}
	p := t.newPart()
	stays, values := 4*int64(p.keys.rows)+int64(len(p.keys.nulls)), int64(0)
	for i := range p.cols {
		s, v := p.cols[i].size()
		stays, values = stays+s, values+v
	}
	if !take(&t.room.keys, stays) {
		return false, nil
	}
	t.heldKeys += stays
	switch {
	case take(&t.room.values, values):
		t.heldValues += values
	case !p.mayLieAside():
		return false, nil
	default:
		if err := t.aside.put(&p); err != nil {
			return false, err
		}
	}
	t.held = append(t.held, p)
	for i := range t.cols {
		t.cols[i].empty()
	}
	t.rows, t.text = 0, 0
	return true, nil
}

// largePart is up to how many bytes a row group is put in order, which takes as many
// again: layouts of hundreds of columns are the engine's.
const largePart = 128 << 20

// bytes is what the rows in the buffers take.
func (t *table) bytes() (n int) {
	for i := range t.cols {
		n += t.rows*t.cols[i].as.width() + len(t.cols[i].bytes)
	}
	return n
}

// newPart puts the rows in the buffers in order.
func (t *table) newPart() part {
	keys := &t.cols[t.key]
	order, already := t.sorting.inOrder(keys)
	if already {
		order = nil
	}
	p := part{cols: make([]packedColumn, len(t.cols))}
	p.keys = buffer{as: storeInt32, rows: keys.rows, i32: inOrder(keys.i32, order), nulls: inOrder(keys.nulls, order)}
	for i := range p.cols {
		if i != t.key {
			p.cols[i] = pack(&t.cols[i], order)
		}
	}
	return p
}

// rows are those of a part from one to another, of the columns that are staged.
func (p *part) rows(from, to int, staged []stagedColumn) ([]buffer, error) {
	out := make([]buffer, len(staged))
	for i, s := range staged {
		if s.isKey {
			out[i] = p.keys.between(from, to)
			continue
		}
		c := &p.cols[s.col]
		first, end := c.rawRange(from, to)
		raw := c.raw
		if p.aside == nil {
			raw = raw[first:end]
		} else {
			var err error
			if raw, err = p.aside.read(c, first, end); err != nil {
				return nil, err
			}
		}
		out[i] = c.unpack(raw, from, to, s.as)
	}
	return out, nil
}

// letGo gives up what is held.
func (t *table) letGo() error {
	if t.room != nil {
		t.room.keys.Add(t.heldKeys)
		t.room.values.Add(t.heldValues)
	}
	t.held, t.heldKeys, t.heldValues = nil, 0, 0
	return t.aside.remove()
}

// flushInOrder writes all rows in the order that the lake has: NULL, the keys of
// the registry, the new accounts in their order; and within one account that of
// the file. Where they cannot all be held, only the last is true of them.
func (t *table) flushInOrder(ctx context.Context) error {
	held := t.rows == 0
	if !held {
		var err error
		if held, err = t.hold(); err != nil {
			return err
		}
	}
	if !held || len(t.held) == 0 {
		return t.flush()
	}
	t.ordered = true
	t.chooseColumns()
	return errors.Join(t.writeInOrder(ctx), t.letGo())
}

const (
	// fileRows is from how many rows on some of them are worth a file of their own.
	fileRows = 2 * groupRows
	// vectorRows are what the engine reads at a time. Where row groups and files are
	// of whole vectors, it cuts their rows as it cuts those that it sorted.
	vectorRows = 2048
)

// writeInOrder writes all rows into several files at a time. An account's rows
// are in one file: what sorts them again need not tell them apart.
func (t *table) writeInOrder(ctx context.Context) error {
	m := newMerge(t.held, t.staged)
	files := 1
	if t.helpers != nil {
		hired := t.helpers.hire()
		defer t.helpers.dismiss(hired)
		files += min(int(hired), m.rows/fileRows)
	}
	var wg sync.WaitGroup
	errs := make([]error, files)
	from := m.start()
	for i := range files {
		f, to := &t.stagedFile, m.end()
		if i+1 < files {
			to = m.accountsEnd(from, from.rank+(m.rows-from.rank)/(files-i))
		}
		if i > 0 {
			f = &stagedFile{path: fmt.Sprintf("%s.%d", t.path, i)}
			t.more = append(t.more, f)
		}
		some := from
		from = to
		wg.Go(func() { errs[i] = guard(func() error { return f.writeBetween(ctx, t, m, some, to) }) })
	}
	wg.Wait()
	t.more = slices.DeleteFunc(t.more, func(f *stagedFile) bool { return f.out == nil })
	return errors.Join(errs...)
}

// wholeVectors is n, filled up to whole vectors.
func wholeVectors(n int) int { return (n + vectorRows - 1) / vectorRows * vectorRows }

// writeBetween writes the rows between two cuts, piece by piece.
func (f *stagedFile) writeBetween(ctx context.Context, t *table, m *merge, from, to cut) error {
	var s sorting
	for from.rank < to.rank {
		if err := ctx.Err(); err != nil {
			return err // so many rows take seconds
		}
		next := m.piece(from, to)
		cols, err := m.columns(from, next)
		if err != nil {
			return err
		}
		order := s.ofPiece(cols, m.key)
		for len(order) > 0 {
			n := groupOf(cols, order)
			err := f.writeGroup(t, n, func(o *batchOut, col int) { o.takeInOrder(sameColumn(cols, col), order[:n]) })
			if err != nil {
				return err
			}
			order = order[n:]
		}
		from = next
	}
	return nil
}

// sameColumn gives one column of several row groups.
func sameColumn(all [][]buffer, col int) []*buffer {
	out := make([]*buffer, len(all))
	for i := range all {
		out[i] = &all[i][col]
	}
	return out
}

// groupOf is how many of the rows come into the next row group.
func groupOf(all [][]buffer, order []uint64) int {
	n, text := min(len(order), groupRows), 0
	var texts []int
	for col := range all[0] {
		if all[0][col].as == storeText {
			texts = append(texts, col)
		}
	}
	if len(texts) == 0 {
		return n
	}
	for i, at := range order[:n] {
		group, row := placeOf(at)
		for _, col := range texts {
			text += len(all[group][col].textOf(row))
		}
		if text >= groupBytes {
			return min(n, wholeVectors(i+1))
		}
	}
	return n
}

// A row's number is that of its part, and of its place in it.
const placeBits = 16

func placeOf(at uint64) (group, row int) {
	return int(uint32(at) >> placeBits), int(at & (1<<placeBits - 1))
}

// orderOf maps the key of a staged row to a number with the order of the lake:
// NULL, which is 0, keys of the registry, new accounts.
func orderOf(b *buffer, row int) uint32 {
	key := b.i32[row]
	switch {
	case b.isNull(row):
		return 0
	case key >= 0:
		return uint32(key) + 1
	}
	return uint32(-1-key) | 1<<31
}

// sorting holds memory for it, which is used again; so are its results. The
// upper half of an element is the account's place in the order, the lower the
// number of the row.
type sorting struct{ rows, other []uint64 }

// inOrder gives the rows of a buffer of keys in order, and says whether they
// were already.
func (s *sorting) inOrder(keys *buffer) (rows []uint64, already bool) {
	rows, already = s.add(s.room(keys.rows)[:0], 0, keys)
	if already {
		return rows, true
	}
	return s.byKey(rows), false
}

// ofPiece gives the rows of some parts in order, each of which is.
func (s *sorting) ofPiece(parts [][]buffer, key int) []uint64 {
	n := 0
	for _, cols := range parts {
		n += cols[key].rows
	}
	rows, already := s.room(n)[:0], true
	for g, cols := range parts {
		rows, _ = s.add(rows, g, &cols[key])
		if first := len(rows) - cols[key].rows; first > 0 && first < len(rows) {
			already = already && rows[first]>>32 >= rows[first-1]>>32
		}
	}
	if already {
		return rows
	}
	return s.byKey(rows)
}

// add appends the rows of a part, and says whether they are in order.
func (s *sorting) add(rows []uint64, group int, keys *buffer) ([]uint64, bool) {
	last, inOrder := uint32(0), true
	for row := range keys.rows {
		k := orderOf(keys, row)
		inOrder = inOrder && k >= last
		last = k
		rows = append(rows, uint64(k)<<32|uint64(group<<placeBits|row))
	}
	return rows, inOrder
}

func (s *sorting) room(n int) []uint64 {
	if len(s.rows) < n {
		s.rows, s.other = make([]uint64, n), make([]uint64, n)
	}
	return s.rows[:n]
}

// byKey sorts elements by their upper half; those with the same stay in their
// order.
func (s *sorting) byKey(rows []uint64) []uint64 {
	const most = 12 // bits of a digit: the counts stay in the cache
	least, all := uint64(1<<64-1), uint64(0)
	for _, r := range rows {
		least, all = min(least, r), max(all, r)
	}
	least &^= 1<<32 - 1 // keys are counted from the smallest: fewer bits
	width := bits.Len64((all - least) >> 32)
	passes := max(1, (width+most-1)/most)
	digit := (width + passes - 1) / passes
	other := s.other[:len(rows)]
	var counts [1 << most]uint32
	for p := range passes {
		shift, mask := 32+p*digit, uint64(1)<<digit-1
		clear(counts[:])
		for _, r := range rows {
			counts[(r-least)>>shift&mask]++
		}
		at := uint32(0)
		for i, n := range counts[:mask+1] {
			counts[i] = at
			at += n
		}
		for _, r := range rows {
			d := (r - least) >> shift & mask
			other[counts[d]] = r
			counts[d]++
		}
		rows, other = other, rows
	}
	return rows
}
