package tally

import (
	"cmp"
	"math/bits"
	"slices"
)

// combination is a recipient and a set of fields. The order of its parts is
// that of the rows.
type combination struct{ recipient, fields int64 }

func compare(a, b combination) int {
	return cmp.Or(cmp.Compare(a.recipient, b.recipient), cmp.Compare(a.fields, b.fields))
}

// combinations numbers the combinations that one worker met.
type combinations struct {
	list  []combination
	ids   map[combination]uint32
	cache [256]uint32 // id + 1 of one combination for each slot
}

func (c *combinations) id(x combination) uint32 {
	slot := &c.cache[uint8(x.fields^x.fields>>8^x.recipient*31)]
	if *slot > 0 && c.list[*slot-1] == x {
		return *slot - 1
	}
	id, ok := c.ids[x]
	if !ok {
		if c.ids == nil {
			c.ids = map[combination]uint32{}
		}
		id = uint32(len(c.list))
		c.ids[x] = id
		c.list = append(c.list, x)
	}
	*slot = id + 1
	return id
}

// cell holds, for an account, one record of a combination on each of the days;
// no days: it is empty.
type cell struct{ id, days uint32 }

// cells hold the records of a range of accounts. How often a combination was
// sent on a day is the number of its cells with the day's bit, and what loose
// says. An account has no cell in a layer, and nothing loose, unless it has one
// in each layer before.
type cells struct {
	width int
	layer [layers][]cell
	loose []loose
	limit int // of loose
}

// loose are records without a cell: n of a combination of an account on a day.
type loose struct {
	key uint64 // account within the range, combination, day - 1
	n   int64
}

const (
	dayBits = 5
	idBits  = 24 // variedLimit combinations fit
)

func looseKey(account, id uint32, day int) uint64 {
	return uint64(account)<<(idBits+dayBits) | uint64(id)<<dayBits | uint64(day-1)
}

// reset empties the cells and makes room for so many accounts.
func (c *cells) reset(width int) {
	c.width = width
	for l := range c.layer {
		if l > 0 && cap(c.layer[l]) < width {
			c.layer[l] = nil // made when it is needed
			continue
		}
		if cap(c.layer[l]) < width {
			c.layer[l] = make([]cell, width)
		}
		c.layer[l] = c.layer[l][:width]
		clear(c.layer[l])
	}
	c.loose = c.loose[:0]
}

// put adds one record of a combination on each of some days, and says whether
// there was room.
func (c *cells) put(account, id, days uint32) bool {
	for l := range c.layer {
		if c.layer[l] == nil {
			c.layer[l] = make([]cell, c.width)
		}
		x := &c.layer[l][account]
		if x.days == 0 {
			*x = cell{id, days}
			return true
		}
		if x.id == id && x.days&days == 0 {
			x.days |= days
			return true
		}
	}
	return c.putLoose(account, id, days, 1)
}

// putMany adds n records of a combination on each of some days.
func (c *cells) putMany(account, id, days uint32, n int64) bool {
	for range min(n, layers) {
		if !c.put(account, id, days) {
			return false
		}
	}
	return n <= layers || c.putLoose(account, id, days, n-layers)
}

func (c *cells) putLoose(account, id, days uint32, n int64) bool {
	for ; days != 0; days &= days - 1 {
		if len(c.loose) >= c.limit && !c.compact() {
			return false
		}
		c.loose = append(c.loose, loose{looseKey(account, id, bits.TrailingZeros32(days)+1), n})
	}
	return true
}

// compact sorts what is loose and adds up what is equal. It says whether that
// made enough room to go on; for one account it always does, as its
// combinations and days are limited.
func (c *cells) compact() bool {
	slices.SortFunc(c.loose, func(a, b loose) int { return cmp.Compare(a.key, b.key) })
	kept := c.loose[:0]
	for _, x := range c.loose {
		if n := len(kept); n > 0 && kept[n-1].key == x.key {
			kept[n-1].n += x.n
			continue
		}
		kept = append(kept, x)
	}
	c.loose = kept
	if c.width == 1 && len(kept) > c.limit/2 {
		c.limit = 2 * len(kept)
	}
	return len(kept) <= c.limit/2
}

// row is one row of account_months, but for the columns that a month has in
// common.
type row struct {
	account                   int32
	days                      uint32
	recipient, fields, perDay int64
}

// rows hands over the rows of all accounts in order; first is the first of
// them.
func (c *cells) rows(first int64, list []combination, emit func(row) error) error {
	c.compact()
	rest := c.loose
	for i, x := range c.layer[0][:c.width] {
		if x.days == 0 {
			continue
		}
		account := int32(first + int64(i))
		if c.layer[1] == nil || c.layer[1][i].days == 0 {
			y := list[x.id]
			if err := emit(row{account, x.days, y.recipient, y.fields, 1}); err != nil {
				return err
			}
			continue
		}
		n := 0
		for n < len(rest) && rest[n].key>>(idBits+dayBits) == uint64(i) {
			n++
		}
		if err := c.several(i, account, rest[:n], list, emit); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// several hands over the rows of an account with more than one cell.
func (c *cells) several(i int, account int32, rest []loose, list []combination, emit func(row) error) error {
	var room [2 * layers]uint32
	ids := room[:0]
	for l := 0; l < layers && c.layer[l] != nil && c.layer[l][i].days != 0; l++ {
		ids = append(ids, c.layer[l][i].id)
	}
	for n, x := range rest {
		if id := x.id(); n == 0 || id != rest[n-1].id() {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uint32) int { return compare(list[a], list[b]) })
	for _, id := range slices.Compact(ids) {
		var perDay [31]int64
		for l := 0; l < layers && c.layer[l] != nil; l++ {
			if x := c.layer[l][i]; x.id == id {
				for days := x.days; days != 0; days &= days - 1 {
					perDay[bits.TrailingZeros32(days)]++
				}
			}
		}
		from, _ := slices.BinarySearchFunc(rest, id, func(x loose, id uint32) int { return cmp.Compare(x.id(), id) })
		for _, x := range rest[from:] {
			if x.id() != id {
				break
			}
			perDay[x.key&(1<<dayBits-1)] += x.n
		}
		if err := byCount(&perDay, row{account: account, recipient: list[id].recipient, fields: list[id].fields}, emit); err != nil {
			return err
		}
	}
	return nil
}

func (x loose) id() uint32 { return uint32(x.key>>dayBits) & (1<<idBits - 1) }

// byCount hands over a row for each number of records a day, the smallest
// first.
func byCount(perDay *[31]int64, r row, emit func(row) error) error {
	for last := int64(0); ; last = r.perDay {
		r.perDay, r.days = 0, 0
		for d, n := range perDay {
			switch {
			case n <= last || r.perDay > 0 && n > r.perDay:
			case n == r.perDay:
				r.days |= 1 << d
			default:
				r.perDay, r.days = n, 1<<d
			}
		}
		if r.perDay == 0 {
			return nil
		}
		if err := emit(r); err != nil {
			return err
		}
	}
}
