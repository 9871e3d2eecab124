package intake

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// roomBytes is the memory for rows that wait to be put in order, of all files
// that are read at a time: some nine million rows.
const roomBytes = 320 << 20

// room is what is left of it.
type room struct{ left atomic.Int64 }

func (r *room) take(bytes int64) bool {
	if r.left.Add(-bytes) >= 0 {
		return true
	}
	r.left.Add(bytes)
	return false
}

// orderBytes is what a row takes while it is put in order, beside its values.
const orderBytes = 16

// hold keeps the rows in the buffers until all are there, and says so; false
// where they have to be written at once. What is held is in order itself: to put
// it together later, each part is read from its beginning to its end.
func (t *table) hold() bool {
	if t.key < 0 || t.room == nil || t.w != nil || len(t.held) == 1<<placeBits-1 {
		return false
	}
	size := int64(t.rows) * orderBytes
	for i := range t.cols {
		size += t.cols[i].size()
	}
	if !t.room.take(size) {
		return false
	}
	t.heldFor += size
	part := make([]buffer, len(t.cols))
	order, already := t.sorting.inOrder([][]buffer{t.cols}, t.key)
	if already {
		order = nil
	}
	for i := range part {
		part[i] = t.cols[i].inOrder(order)
		t.cols[i].empty()
	}
	t.held = append(t.held, part)
	t.rows, t.text = 0, 0
	return true
}

// letGo gives up what is held.
func (t *table) letGo() {
	if t.room != nil {
		t.room.left.Add(t.heldFor)
	}
	t.held, t.heldFor = nil, 0
}

// flushInOrder writes all rows in the order that the lake has: NULL, the keys of
// the registry, the new accounts in their order; and within one account that of
// the file. Where they cannot all be held, only the last is true of them.
func (t *table) flushInOrder() error {
	if t.rows > 0 && !t.hold() || len(t.held) == 0 {
		return t.flush()
	}
	t.ordered = true
	order, _ := t.sorting.inOrder(t.held, t.key)
	err := t.writeInOrder(order)
	t.letGo()
	return err
}

const (
	// partRows is from how many rows on a part of them is worth a file of its own.
	partRows = 2 * groupRows
	// vectorRows are what the engine reads at a time. Where row groups and files are
	// of whole vectors, it cuts their rows as it cuts those that it sorted.
	vectorRows = 2048
)

// writeInOrder writes all rows, several parts of them at a time. An account's
// rows are in one part: what sorts the parts again need not tell them apart.
func (t *table) writeInOrder(order []uint64) error {
	parts := int64(1)
	if t.helpers != nil {
		hired := t.helpers.hire()
		defer t.helpers.dismiss(hired)
		parts = min(hired, int64(len(order)/partRows)) + 1
	}
	var wg sync.WaitGroup
	errs := make([]error, parts)
	for i := range parts {
		f, n := &t.stagedFile, len(order)
		if i+1 < parts {
			n = accountsEnd(order, len(order)/int(parts-i))
		}
		if i > 0 {
			f = &stagedFile{path: fmt.Sprintf("%s.%d", t.path, i)}
			t.more = append(t.more, f)
		}
		some := order[:n]
		order = order[n:]
		wg.Go(func() { errs[i] = guard(func() error { return f.writeRows(t, some) }) })
	}
	wg.Wait()
	t.more = slices.DeleteFunc(t.more, func(f *stagedFile) bool { return f.out == nil })
	return errors.Join(errs...)
}

// accountsEnd is the place, about n or after it, at which a vector and an account
// begin, or the end.
func accountsEnd(order []uint64, n int) int {
	for n = wholeVectors(n); n < len(order) && order[n]>>32 == order[n-1]>>32; {
		n += vectorRows
	}
	return min(n, len(order))
}

// wholeVectors is n, filled up to whole vectors.
func wholeVectors(n int) int { return (n + vectorRows - 1) / vectorRows * vectorRows }

func (f *stagedFile) writeRows(t *table, order []uint64) error {
	for len(order) > 0 {
		n := t.groupOf(t.held, order)
		err := f.writeGroup(t, n, func(o *batchOut, col int) { o.takeInOrder(sameColumn(t.held, col), order[:n]) })
		if err != nil {
			return err
		}
		order = order[n:]
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
func (t *table) groupOf(all [][]buffer, order []uint64) int {
	n, text := min(len(order), groupRows), 0
	var texts []int
	for col := range t.cols {
		if t.cols[col].as == storeText {
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

// A row's number is that of its row group, and of its place in it.
const placeBits = 16

func placeOf(at uint64) (group, row int) {
	return int(uint32(at) >> placeBits), int(at & (1<<placeBits - 1))
}

// inOrder gives the number of each row, in the order of their keys, and says
// whether they were in order already. The upper half of an element is the same
// for those of one account alone.
func (s *sorting) inOrder(all [][]buffer, key int) (rows []uint64, already bool) {
	n := 0
	for _, cols := range all {
		n += cols[key].rows
	}
	rows, already = s.room(n)[:0], true
	last, most := uint32(0), uint32(0)
	for g, cols := range all {
		b := &cols[key]
		for row, v := range b.i32 {
			k := orderOf(v)
			if b.isNull(row) {
				k = 0
			}
			already = already && k >= last
			last, most = k, max(most, k)
			rows = append(rows, uint64(k)<<32|uint64(g<<placeBits|row))
		}
	}
	if already {
		return rows, true
	}
	return s.byKey(rows, bits.Len32(most)), false
}

// orderOf maps a staged key to a number with the order of the lake, above 0,
// which is NULL: keys of the registry come before new accounts.
func orderOf(key int32) uint32 {
	if key >= 0 {
		return uint32(key) + 1
	}
	return uint32(-1-key) | 1<<31
}

// sorting holds memory for it, which is used again; so are its results.
type sorting struct{ rows, other []uint64 }

func (s *sorting) room(n int) []uint64 {
	if len(s.rows) < n {
		s.rows, s.other = make([]uint64, n), make([]uint64, n)
	}
	return s.rows[:n]
}

// byKey sorts elements by their upper half, of which so many bits are in
// use; those with the same stay in their order.
func (s *sorting) byKey(rows []uint64, width int) []uint64 {
	const most = 12 // bits of a digit: the counts stay in the cache
	passes := max(1, (width+most-1)/most)
	digit := (width + passes - 1) / passes
	other := s.other[:len(rows)]
	var counts [1 << most]uint32
	for p := range passes {
		shift, mask := 32+p*digit, uint64(1)<<digit-1
		clear(counts[:])
		for _, r := range rows {
			counts[r>>shift&mask]++
		}
		at := uint32(0)
		for i, n := range counts[:mask+1] {
			counts[i] = at
			at += n
		}
		for _, r := range rows {
			d := r >> shift & mask
			other[counts[d]] = r
			counts[d]++
		}
		rows, other = other, rows
	}
	return rows
}
