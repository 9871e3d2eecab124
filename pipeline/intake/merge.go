package intake

import "sort"

// merge puts parts together whose rows are in order: it finds, in every part,
// where the rows up to a place in the order of all end. So each piece of that
// order is sorted for itself, in memory that does not grow with the file.
type merge struct {
	parts  []part
	staged []stagedColumn
	key    int // of the column among them
	rows   int // of all parts
	most   int // rows of a piece
}

// cut divides every part in two: rank rows come before it in all.
type cut struct {
	rank int
	at   []int // of each part
}

const pieceBytes = 32 << 20 // of a piece, about; several are in the making at a time

func newMerge(parts []part, staged []stagedColumn) *merge {
	m := &merge{parts: parts, staged: staged}
	width := 16 // of its number, twice
	for i, s := range staged {
		width += 1 + s.as.width()
		if s.isKey {
			m.key = i
		}
	}
	text := 0
	for i := range parts {
		n := parts[i].keys.rows
		m.rows += n
		for j := range parts[i].cols {
			text += parts[i].cols[j].textBetween(0, n)
		}
	}
	m.most = max(wholeVectors(pieceBytes/(width+text/m.rows)), vectorRows)
	return m
}

func (m *merge) start() cut { return cut{0, make([]int, len(m.parts))} }

func (m *merge) end() cut {
	c := m.start()
	c.rank = m.rows
	for i := range m.parts {
		c.at[i] = m.parts[i].keys.rows
	}
	return c
}

// element is a row with its place in the order; no two are the same.
func (m *merge) element(part, row int) uint64 {
	return uint64(orderOf(&m.parts[part].keys, row))<<32 | uint64(part<<placeBits|row)
}

// before is the cut before an element and all that follow it, which lies
// between two others.
func (m *merge) before(element uint64, low, high cut) cut {
	c := cut{at: make([]int, len(m.parts))}
	for i := range m.parts {
		from := low.at[i]
		c.at[i] = from + sort.Search(high.at[i]-from, func(n int) bool { return m.element(i, from+n) >= element })
		c.rank += c.at[i]
	}
	return c
}

// cutAt is the cut of a rank, which lies between two others: the element that
// has it is found by halving.
func (m *merge) cutAt(rank int, low, high cut) cut {
	least, most := uint64(0), ^uint64(0) // its bounds
	for low.rank < rank && rank < high.rank {
		middle := least + (most-least)/2
		if c := m.before(middle, low, high); c.rank <= rank {
			least, low = middle, c
		} else {
			most, high = middle, c
		}
	}
	if rank <= low.rank {
		return low
	}
	return high
}

// accountsEnd is the cut at a rank, or after it, at which a vector and an account
// begin, or the end.
func (m *merge) accountsEnd(low cut, rank int) cut {
	end := m.end()
	for c := low; ; {
		if rank = wholeVectors(rank); rank >= m.rows {
			return end
		}
		c = m.cutAt(rank, c, end)
		before, after := m.keysAt(c)
		if before != after {
			return c
		}
		rank = max(rank+1, m.before(uint64(after+1)<<32, c, end).rank)
	}
}

// keysAt are the places in the order of the accounts before and after a cut that
// is neither the first nor the last.
func (m *merge) keysAt(c cut) (before, after uint32) {
	after = ^uint32(0)
	for i := range m.parts {
		keys := &m.parts[i].keys
		if c.at[i] > 0 {
			before = max(before, orderOf(keys, c.at[i]-1))
		}
		if c.at[i] < keys.rows {
			after = min(after, orderOf(keys, c.at[i]))
		}
	}
	return before, after
}

// piece is the cut at which the piece that begins at one ends. Where its texts
// are long it has fewer rows, down to a vector.
func (m *merge) piece(from, to cut) cut {
	for n := m.most; ; n = wholeVectors(n / 2) {
		next := to
		if from.rank+n < to.rank {
			next = m.cutAt(from.rank+n, from, to)
		}
		if n <= vectorRows || m.textBytes(from, next) <= pieceBytes {
			return next
		}
	}
}

func (m *merge) textBytes(from, to cut) (n int) {
	for i := range m.parts {
		for j := range m.parts[i].cols {
			n += m.parts[i].cols[j].textBetween(from.at[i], to.at[i])
		}
	}
	return n
}

// columns are the rows of every part between two cuts.
func (m *merge) columns(from, to cut) ([][]buffer, error) {
	out := make([][]buffer, len(m.parts))
	for i := range m.parts {
		var err error
		if out[i], err = m.parts[i].rows(from.at[i], to.at[i], m.staged); err != nil {
			return nil, err
		}
	}
	return out, nil
}
