package strength

import (
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
)

const (
	// DefaultSample is the usual number of values in a sample.
	DefaultSample = 100_000
	// MinSample is the smallest number of distinct values that is tested.
	MinSample = 10
	// MaxSample bounds the memory of a run: about 350 bytes a value.
	MaxSample = 1_000_000

	// maxToken is the longest text kept, in bytes. No recipe makes a longer
	// one; a longer value takes its place in the sample without its text.
	maxToken = 256
)

var (
	// ErrSampleSize: the size asked for is outside MinSample to MaxSample.
	ErrSampleSize = errors.New("strength: sample size out of range")
	// ErrOtherSample: the samples to merge differ in field, seed or size.
	ErrOtherSample = errors.New("strength: samples of different fields or seeds")
)

// Field says where the values of a sample were delivered. Its texts come from
// case.yaml, never from delivered data; they appear in results and errors.
type Field struct {
	Source     string `json:"source"`
	Name       string `json:"field"`
	Identifies string `json:"identifies"` // account | phone | email | name
}

// Sampler keeps a uniform sample of the distinct values offered to it: those
// with the smallest keyed hashes (bottom-k sampling), so that the sample
// depends on the seed and the set of values alone, not on their order or
// repetition, and can be picked by nobody who does not choose the seed. Its
// memory is bounded by the size of the sample. It is not safe for concurrent
// use; samplers of the same field and seed can be merged.
type Sampler struct {
	kept func() *kept // a function, so that no verb of package fmt gets at the values
}

type kept struct {
	field   Field
	key     [32]byte
	size    int
	entries entries               // a heap once it is full
	members map[priority]struct{} // of entries
	more    bool                  // distinct values were left out
	buf     [32 + maxToken]byte   // key, then the value being offered
}

// priority is the first 128 bits of the keyed hash of a value. Two values that
// share one count as the same; that happens by chance with probability 10^-24 among
// 2·10^7 values.
type priority struct{ hi, lo uint64 }

func (p priority) compare(q priority) int {
	return cmp.Or(cmp.Compare(p.hi, q.hi), cmp.Compare(p.lo, q.lo))
}

type entry struct {
	priority
	token []byte // nil: longer than maxToken
}

type entries []entry

func (e entries) Len() int           { return len(e) }
func (e entries) Less(i, j int) bool { return e[i].compare(e[j].priority) > 0 } // largest on top
func (e entries) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)        { *e = append(*e, x.(entry)) }
func (e *entries) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

// NewSampler makes an empty sample of up to size values of a field. The seed
// should be one that nobody can choose by hand, such as the SHA-256 of the
// custody checkpoint; each field draws independently from the same seed.
func NewSampler(f Field, size int, seed [32]byte) (*Sampler, error) {
	if size < MinSample || size > MaxSample {
		return nil, ErrSampleSize
	}
	k := &kept{field: f, size: size, members: map[priority]struct{}{}}
	k.key = sha256.Sum256(slices.Concat(seed[:], []byte(f.Source), []byte{0}, []byte(f.Name)))
	copy(k.buf[:], k.key[:])
	return &Sampler{func() *kept { return k }}, nil
}

// Add offers one delivered text. The sampler copies what it keeps. Empty
// texts are no values.
func (s *Sampler) Add(value []byte) {
	if len(value) == 0 {
		return
	}
	k := s.kept()
	token, b := value, append(k.buf[:32], value[:min(len(value), maxToken)]...)
	if len(value) > maxToken {
		long := sha256.Sum256(value)
		token, b = nil, append(k.buf[:32], long[:]...)
	}
	d := sha256.Sum256(b)
	k.offer(priority{binary.BigEndian.Uint64(d[:]), binary.BigEndian.Uint64(d[8:])}, token)
}

// offer takes a copy of the token if its priority is among the smallest.
func (k *kept) offer(p priority, token []byte) {
	full := len(k.entries) == k.size
	if full && p.compare(k.entries[0].priority) > 0 {
		k.more = true
		return
	}
	if _, ok := k.members[p]; ok {
		return
	}
	k.members[p] = struct{}{}
	e := entry{p, slices.Clone(token)}
	if !full {
		k.entries = append(k.entries, e)
		if len(k.entries) == k.size {
			heap.Init(&k.entries)
		}
		return
	}
	k.more = true
	delete(k.members, k.entries[0].priority)
	clear(k.entries[0].token)
	k.entries[0] = e
	heap.Fix(&k.entries, 0)
}

// Merge adds what another sampler of the same field, seed and size was
// offered. The other sampler stays as it is.
func (s *Sampler) Merge(other *Sampler) error {
	k, o := s.kept(), other.kept()
	if k.field != o.field || k.key != o.key || k.size != o.size {
		return ErrOtherSample
	}
	for _, e := range o.entries {
		k.offer(e.priority, e.token)
	}
	k.more = k.more || o.more
	return nil
}

// Len is the number of distinct values in the sample.
func (s *Sampler) Len() int { return len(s.kept().entries) }

// Close overwrites the sample with zeros and empties it.
func (s *Sampler) Close() {
	k := s.kept()
	for i := range k.entries {
		clear(k.entries[i].token)
	}
	clear(k.entries)
	clear(k.members)
	clear(k.buf[:])
	k.entries, k.more = nil, false
	copy(k.buf[:], k.key[:])
}
