package intake

import (
	"math/bits"
	"sync/atomic"
)

// roomBytes is the memory for rows that wait to be put in order, of all files
// that are read at a time: some eight million rows.
const roomBytes = 512 << 20

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
	part, order := make([]buffer, len(t.cols)), inOrder([][]buffer{t.cols}, t.key)
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
	all := t.held
	order := inOrder(all, t.key)
	if order == nil {
		return t.flush()
	}
	for len(order) > 0 {
		n := t.groupOf(all, order)
		err := t.writeGroup(n, func(o *batchOut, col int) { o.takeInOrder(sameColumn(all, col), order[:n]) })
		if err != nil {
			return err
		}
		order = order[n:]
	}
	t.letGo()
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
			return i + 1
		}
	}
	return n
}

// A row's number is that of its row group, and of its place in it.
const placeBits = 16

func placeOf(at uint64) (group, row int) {
	return int(uint32(at) >> placeBits), int(at & (1<<placeBits - 1))
}

// inOrder gives the number of each row, in the order of their keys; nil where
// they are in order already. The upper half of an element is of no meaning.
func inOrder(all [][]buffer, key int) []uint64 {
	n := 0
	for _, cols := range all {
		n += cols[key].rows
	}
	rows, sorted, last, most := make([]uint64, 0, n), true, uint32(0), uint32(0)
	for g, cols := range all {
		b := &cols[key]
		for row, v := range b.i32 {
			k := orderOf(v)
			if b.isNull(row) {
				k = 0
			}
			sorted = sorted && k >= last
			last, most = k, max(most, k)
			rows = append(rows, uint64(k)<<32|uint64(g<<placeBits|row))
		}
	}
	if sorted {
		return nil
	}
	return sortByKey(rows, bits.Len32(most))
}

// orderOf maps a staged key to a number with the order of the lake, above 0,
// which is NULL: keys of the registry come before new accounts.
func orderOf(key int32) uint32 {
	if key >= 0 {
		return uint32(key) + 1
	}
	return uint32(-1-key) | 1<<31
}

// sortByKey sorts elements by their upper half, of which so many bits are in
// use; those with the same stay in their order.
func sortByKey(rows []uint64, width int) []uint64 {
	const most = 12 // bits of a digit: the counts stay in the cache
	passes := max(1, (width+most-1)/most)
	digit := (width + passes - 1) / passes
	other := make([]uint64, len(rows))
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
