package strength

import (
	"context"
	"iter"
)

// Known is a stream of plain values that the inspector lawfully holds, for
// example one column of the customer table. A value is used before the next
// one is asked for, and not kept. A stream that fails ends early and keeps its
// error to itself; the caller looks at it after Run.
type Known struct {
	Identifies string // what the values are, as in Field
	Values     iter.Seq[[]byte]
}

// knownPairs is test A on one stream: every value is written in the forms of
// its kind and hashed, and the tokens that come out are marked.
type knownPairs struct {
	known   Known
	indexes []*index     // by hash; nil: no token can be of it
	hits    [][][]uint64 // by hash and form
	tried   []int64      // candidates by form
	text    [maxToken]byte
	digest  [maxDigest]byte
}

func newKnownPairs(known Known, indexes []*index) *knownPairs {
	k := &knownPairs{known: known, indexes: indexes, hits: make([][][]uint64, len(hashes)), tried: make([]int64, forms)}
	for h, x := range indexes {
		for range forms {
			if x != nil {
				k.hits[h] = append(k.hits[h], x.newHits())
			}
		}
	}
	return k
}

func (k *knownPairs) run(ctx context.Context) error {
	n := 0
	for v := range k.known.Values {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			break
		}
		k.value(v)
	}
	return ctx.Err()
}

func (k *knownPairs) value(v []byte) {
	if len(v) == 0 {
		return
	}
	switch k.known.Identifies {
	case "phone":
		if m, ok := parseMobile(v); ok {
			for i, f := range mobileForms {
				k.candidate(i, m.write(f, &k.text))
			}
			clear(m.digits[:])
			return
		}
	case "email":
		if len(v) <= maxToken {
			k.candidate(lowerForm, lower(k.text[:copy(k.text[:], v)]))
		}
	}
	k.candidate(givenForm, v)
}

// lower turns ASCII letters into lower case in place. Addresses with other
// letters are rare, and what a sender did to those is not to be guessed.
func lower(text []byte) []byte {
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
	return text
}

func (k *knownPairs) candidate(form int, text []byte) {
	k.tried[form]++
	for h, x := range k.indexes {
		if x != nil {
			hashes[h].sum(&k.digest, text)
			x.find(&k.digest, k.hits[h][form])
		}
	}
}

func (k *knownPairs) close() {
	clear(k.text[:])
	clear(k.digest[:])
	for _, byForm := range k.hits {
		for _, hits := range byForm {
			clear(hits)
		}
	}
}
