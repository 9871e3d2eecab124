package pipeline

import (
	"encoding/binary"
	"math/bits"
)

// sipState is SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein): a
// keyed hash for short texts, made for tables that an adversary may fill.
type sipState struct{ v0, v1, v2, v3 uint64 }

// newSip begins a hash under a key of 16 bytes.
func newSip(key []byte) sipState {
	k0, k1 := binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[8:])
	return sipState{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ 0xee, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
}

func (s *sipState) round() {
	s.v0 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 13) ^ s.v0
	s.v0 = bits.RotateLeft64(s.v0, 32)
	s.v2 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 16) ^ s.v2
	s.v0 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 21) ^ s.v0
	s.v2 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 17) ^ s.v2
	s.v2 = bits.RotateLeft64(s.v2, 32)
}

// word takes eight bytes of the text.
func (s *sipState) word(m uint64) {
	s.v3 ^= m
	s.round()
	s.round()
	s.v0 ^= m
}

// sum ends the hash with the rest of a text, of which before bytes, a multiple
// of eight, were taken as words.
func (s sipState) sum(before int, rest []byte) (first, second uint64) {
	n := before + len(rest)
	for ; len(rest) >= 8; rest = rest[8:] {
		s.word(binary.LittleEndian.Uint64(rest))
	}
	last := uint64(n) << 56
	for i, b := range rest {
		last |= uint64(b) << (8 * i)
	}
	s.word(last)
	s.v2 ^= 0xee
	first = s.end()
	s.v1 ^= 0xdd
	return first, s.end()
}

func (s *sipState) end() uint64 {
	for range 4 {
		s.round()
	}
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}
