package gunzip

import "math/bits"

const (
	longestCode  = 15
	literalBits  = 11 // of a code, found by one look into its table
	distanceBits = 8

	// Behind the 2^11 and 2^8 entries come those of longer codes. A further
	// table of literals has at most 16 entries and at least two codes of the
	// 286, one of distances 128 and two of the 30. Powers of two: an index is
	// cut to them, and needs no check.
	literalEntries  = 8 << 10
	distanceEntries = 4 << 10
)

// An entry of a table:
//
//	bits 0–5    how many bits it uses up: its code, and the extra bits of a length or distance
//	bits 8–11   how many of them are the code; of a link, how many bits choose in the further table
//	bits 12–13  how many literals it stands for
//	bits 16–31  two literals, or the base of a length or distance, or where the further table begins
const (
	isEnd      = 1 << 6 // of the block
	isBad      = 1 << 7 // no symbol
	isLink     = 1 << 14
	codeShift  = 8
	countShift = 12
	countMask  = 3 << countShift
	valueShift = 16
)

// value is what an entry and its extra bits stand for.
func value(e uint32, hold uint64) int {
	return int(e>>valueShift) + int(hold&(1<<(e&63)-1)>>(e>>codeShift&15))
}

// further is the place of an entry in a further table; rest are the bits that
// the first table did not look at.
func further(link uint32, rest uint64) uint32 {
	return link>>valueShift + uint32(rest)&(1<<(link>>codeShift&15)-1)
}

// codes are those of a block.
type codes struct {
	literals  [literalEntries]uint32
	distances [distanceEntries]uint32
	lengths   [286 + 30]uint8 // of the codes, read from the block's head
	areFixed  bool
}

// Section 3.2.5 of RFC 1951: what the symbols from 257 on stand for.
var (
	lengthBase  = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
)

// orderOfLengths is that of section 3.2.7.
var orderOfLengths = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func literalEntry(symbol int) uint32 {
	switch {
	case symbol < 256:
		return uint32(symbol)<<valueShift | 1<<countShift
	case symbol == 256:
		return isEnd
	case symbol < 286:
		return uint32(lengthBase[symbol-257])<<valueShift | uint32(lengthExtra[symbol-257])
	}
	return isBad
}

func distanceEntry(symbol int) uint32 {
	switch {
	case symbol < 4:
		return uint32(symbol+1) << valueShift
	case symbol < 30:
		extra := symbol/2 - 1
		return uint32((2+symbol%2)<<extra+1)<<valueShift | uint32(extra)
	}
	return isBad
}

func lengthEntry(symbol int) uint32 { return uint32(symbol) << valueShift }

// fixed makes the codes of section 3.2.6.
func (c *codes) fixed() {
	if c.areFixed {
		return
	}
	var lengths [288]uint8
	for symbol := range lengths {
		switch {
		case symbol < 144, symbol >= 280:
			lengths[symbol] = 8
		case symbol < 256:
			lengths[symbol] = 9
		default:
			lengths[symbol] = 7
		}
	}
	build(c.literals[:], literalBits, lengths[:], literalEntry)
	c.pair()
	for symbol := range lengths[:32] {
		lengths[symbol] = 5
	}
	build(c.distances[:], distanceBits, lengths[:32], distanceEntry)
	c.areFixed = true
}

// readCodes reads the codes of a block (section 3.2.7).
func (z *inflater) readCodes() error {
	head, err := z.bits(14)
	if err != nil {
		return err
	}
	literals, distances, n := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if literals > 286 || distances > 30 {
		return ErrCorrupt
	}
	var small [19]uint8
	for _, symbol := range orderOfLengths[:n] {
		length, err := z.bits(3)
		if err != nil {
			return err
		}
		small[symbol] = uint8(length)
	}
	lengths := z.codes.lengths[:literals+distances]
	if err := z.readLengths(lengths, small[:]); err != nil {
		return err
	}
	c := &z.codes
	c.areFixed = false
	if lengths[256] == 0 || // such a block has no end
		!build(c.literals[:], literalBits, lengths[:literals], literalEntry) ||
		!build(c.distances[:], distanceBits, lengths[literals:], distanceEntry) {
		return ErrCorrupt
	}
	c.pair()
	return nil
}

// readLengths reads the lengths of codes, which are written in a code of their
// own, whose lengths are small.
func (z *inflater) readLengths(lengths, small []uint8) error {
	var table [1 << 7]uint32
	if !build(table[:], 7, small, lengthEntry) {
		return ErrCorrupt
	}
	for i := 0; i < len(lengths); {
		if err := z.want(7); err != nil {
			return err
		}
		e := table[z.hold%(1<<7)]
		if e&isBad != 0 {
			return ErrCorrupt
		}
		z.drop(uint(e & 63))
		var times, extra uint
		var length uint8
		switch symbol := e >> valueShift; {
		case symbol < 16:
			times, length = 1, uint8(symbol)
		case symbol == 16 && i == 0:
			return ErrCorrupt
		case symbol == 16:
			times, extra, length = 3, 2, lengths[i-1]
		case symbol == 17:
			times, extra = 3, 3
		default:
			times, extra = 11, 7
		}
		more, err := z.bits(extra)
		if err != nil {
			return err
		}
		if times += more; times > uint(len(lengths)-i) {
			return ErrCorrupt
		}
		for range times {
			lengths[i] = length
			i++
		}
	}
	return nil
}

// build makes the table of a canonical code (section 3.2.2): an entry for every
// value of the next width bits, and links to further ones for longer codes. It
// is false for lengths that are no code: too many, or so few that bits could
// come which mean nothing, unless one symbol is all there is.
func build(table []uint32, width int, lengths []uint8, entry func(symbol int) uint32) bool {
	var count [longestCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	used := len(lengths) - count[0]
	count[0] = 0
	var first, place [longestCode + 2]int // code, and place in the order below, of the first of a length
	for n := 1; n <= longestCode; n++ {
		first[n+1] = (first[n] + count[n]) << 1
		place[n+1] = place[n] + count[n]
		if first[n]+count[n] > 1<<n {
			return false
		}
	}
	clear(table[:1<<width])
	if first[longestCode+1] != 2<<longestCode {
		if used > 1 || used != count[1] {
			return false
		}
		for i := range table[:1<<width] {
			table[i] = isBad
		}
	}

	var order [288]uint16 // symbols, by length
	at := place
	for symbol, n := range lengths {
		if n > 0 {
			order[at[n]] = uint16(symbol)
			at[n]++
		}
	}
	free := 1 << width
	for i := used - 1; i >= 0; i-- { // the longest first: they say how large a further table is
		symbol := int(order[i])
		n := int(lengths[symbol])
		code := int(bits.Reverse16(uint16(first[n]+i-place[n])) >> (16 - n))
		e := entry(symbol) + uint32(n) | uint32(n)<<codeShift
		if n <= width {
			for ; code < 1<<width; code += 1 << n {
				table[code] = e
			}
			continue
		}
		link := &table[code%(1<<width)]
		if *link == 0 {
			*link = uint32(free<<valueShift|(n-width)<<codeShift) | isLink
			free += 1 << (n - width)
		}
		chosen := 1 << (*link >> codeShift & 15)
		for j := code >> width; j < chosen; j += 1 << (n - width) {
			table[int(*link>>valueShift)+j] = e
		}
	}
	return true
}

// pair lets an entry stand for two literals where the codes of both fit.
func (c *codes) pair() {
	// Downwards, as the entry of what follows has a smaller index, or is this one.
	for i := 1<<literalBits - 1; i >= 0; i-- {
		e := c.literals[i]
		if e&countMask == 0 {
			continue
		}
		next := c.literals[i>>(e&63)]
		if next&countMask == 1<<countShift && e&63+next&63 <= literalBits {
			c.literals[i] = e&63 + next&63 | 2<<countShift | e&0xff0000 | next&0xff0000<<8
		}
	}
}
