package pipeline

import (
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// TestSipHash holds the hash to values of another implementation (OpenSSL's), under the key
// 00 01 … 0f, of the texts 00 01 02 ….
func TestSipHash(t *testing.T) {
	key, text := make([]byte, 16), make([]byte, 200)
	for i := range text {
		text[i] = byte(i)
	}
	copy(key, text)
	for n, want := range map[int]string{
		0:   "a3817f04ba25a8e66df67214c7550293",
		1:   "da87c1d86b99af44347659119b22fc45",
		2:   "8177228da4a45dc7fca38bdef60affe4",
		8:   "3b62a9ba6258f5610f83e264f31497b4",
		15:  "5493e99933b0a8117e08ec0f97cfc3d9",
		64:  "1eaf077dc0d4cd3f8cad4d383658a74b",
		73:  "30ccab8df7611c69447730cbe0967543",
		200: "7c5853f4ed12ff9d836a79bc4047022d",
	} {
		// Words may be taken before the rest is known.
		for words := 0; words <= n/8; words++ {
			s := newSip(key)
			for i := range words {
				s.word(binary.LittleEndian.Uint64(text[8*i:]))
			}
			first, second := s.sum(8*words, text[8*words:n])
			got := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, first), second)
			if hex.EncodeToString(got) != want {
				t.Errorf("%d bytes, %d words before: %x, want %s", n, words, got, want)
			}
		}
	}
}
