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

// sipRound works on values, which stay in registers.
func sipRound(v0, v1, v2, v3 uint64) (uint64, uint64, uint64, uint64) {
	v0 += v1
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v0 = bits.RotateLeft64(v0, 32)
	v2 += v3
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 += v3
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	v2 += v1
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	v2 = bits.RotateLeft64(v2, 32)
	return v0, v1, v2, v3
}

// word takes eight bytes of the text.
func (s *sipState) word(m uint64) {
	v0, v1, v2, v3 := s.v0, s.v1, s.v2, s.v3^m
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	*s = sipState{v0 ^ m, v1, v2, v3}
}

// sum ends the hash with the rest of a text, of which before bytes, a multiple
// of eight, were taken as words.
func (s *sipState) sum(before int, rest []byte) (first, second uint64) {
	v0, v1, v2, v3 := s.v0, s.v1, s.v2, s.v3
	n := before + len(rest)
	for ; len(rest) >= 8; rest = rest[8:] {
		m := binary.LittleEndian.Uint64(rest)
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3^m)
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
		v0 ^= m
	}
	last := uint64(n) << 56
	for i, b := range rest {
		last |= uint64(b) << (8 * i)
	}
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3^last)
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0, v2 = v0^last, v2^0xee
	for range 4 {
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	}
	first = v0 ^ v1 ^ v2 ^ v3
	v1 ^= 0xdd
	for range 4 {
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	}
	return first, v0 ^ v1 ^ v2 ^ v3
}
