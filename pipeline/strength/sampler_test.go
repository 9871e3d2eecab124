package strength

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func tokensOf(s *Sampler) []string {
	var out []string
	for _, e := range s.kept().entries {
		out = append(out, string(e.token))
	}
	slices.Sort(out)
	return out
}

func newSampler(t testing.TB, size int, seed [32]byte) *Sampler {
	t.Helper()
	s, err := NewSampler(Field{"s", "f", "phone"}, size, seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSampleDependsOnTheSetOfValuesAlone(t *testing.T) {
	values := texts(scattered(0, 100_000, 5000, 7919), func(n int) string { return fmt.Sprint(n) })
	values = append(values, strings.Repeat("x", maxToken), strings.Repeat("x", maxToken+1), strings.Repeat("y", 10_000))
	ordered := newSampler(t, 700, seed)
	for _, v := range values {
		ordered.Add([]byte(v))
	}
	want := tokensOf(ordered)
	if len(want) != 700 {
		t.Fatalf("%d values", len(want))
	}
	for i := range uint64(5) {
		r := rand.New(rand.NewPCG(i, 0))
		one, a, b := newSampler(t, 700, seed), newSampler(t, 700, seed), newSampler(t, 700, seed)
		for range 3 {
			r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
			for j, v := range values {
				one.Add([]byte(v))
				[]*Sampler{a, b}[j%2].Add([]byte(v))
			}
		}
		if err := a.Merge(b); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(tokensOf(one), want) || !slices.Equal(tokensOf(a), want) || one.kept().more != true || a.kept().more != true {
			t.Errorf("order %d: another sample", i)
		}
	}
	other := newSampler(t, 700, sha256.Sum256([]byte("another")))
	for _, v := range values {
		other.Add([]byte(v))
	}
	if slices.Equal(tokensOf(other), want) {
		t.Error("the seed makes no difference")
	}
	if err := ordered.Merge(other); !errors.Is(err, ErrOtherSample) {
		t.Errorf("merge of another seed: %v", err)
	}
}

// Every distinct value is as likely as any other, however often it comes.
func TestSampleIsUniform(t *testing.T) {
	const values, size, seeds = 100, 20, 2000
	var times [values]int
	for i := range seeds {
		s := newSampler(t, size, sha256.Sum256(fmt.Append(nil, i)))
		for v := range values {
			for range 1 + v%3*2 {
				s.Add([]byte{'v', byte(v)})
			}
		}
		for _, token := range tokensOf(s) {
			times[token[1]]++
		}
	}
	// binomial with mean 400 and deviation 17.9: five deviations
	for v, n := range times {
		if n < 310 || n > 490 {
			t.Errorf("value %d drawn %d times of %d, want about 400", v, n, seeds)
		}
	}
}

func TestSampleKnowsWhetherItIsAll(t *testing.T) {
	s := newSampler(t, 20, seed)
	for i := range 40 {
		s.Add(fmt.Append(nil, i%20))
	}
	s.Add(nil)
	s.Add([]byte{})
	if s.Len() != 20 || s.kept().more {
		t.Errorf("%d values, more %v", s.Len(), s.kept().more)
	}
	// Whether the value that comes too much replaces another or not.
	for i := range 20 {
		s.kept().more = false
		if s.Add(fmt.Append(nil, "more", i)); s.Len() != 20 || !s.kept().more {
			t.Errorf("%d values, more %v", s.Len(), s.kept().more)
		}
	}
	empty := newSampler(t, 20, seed)
	if err := empty.Merge(s); err != nil || empty.Len() != 20 || !empty.kept().more {
		t.Errorf("merged: %d values, more %v, %v", empty.Len(), empty.kept().more, err)
	}
}

func TestSmallSamplesAreRefused(t *testing.T) {
	for _, size := range []int{-1, 0, 9, MaxSample + 1} {
		if _, err := NewSampler(Field{}, size, seed); !errors.Is(err, ErrSampleSize) {
			t.Errorf("size %d: %v", size, err)
		}
	}
	token := func(n int) string { return written("hex lower case", digestOf("md5", mobileText(allMobile[0], n))) }
	nine, ten := texts(scattered(0, 9, 9, 1), token), texts(scattered(0, 10, 10, 1), token)
	got := mustRun(t, Options{MobileLimit: 100}, sampleOf(t, "A", "phone", append(nine, nine...)), sampleOf(t, "B", "phone", ten))
	want := FieldResult{Field: Field{"kakaopay-alipay", "A", "phone"}, Refused: true, AllValues: true,
		Shapes: []ShapeCount{}, Verdict: VerdictRefused, Recipes: []RecipeResult{}}
	if diff := cmp.Diff(want, got.Fields[0]); diff != "" {
		t.Error(diff)
	}
	if f := got.Fields[1]; f.Refused || f.Recovered != 10 {
		t.Errorf("the sample of ten: %+v", f)
	}
}

func TestMemoryOfASampleIsBounded(t *testing.T) {
	s := newSampler(t, 50, seed)
	long := bytes.Repeat([]byte("x"), 1<<20)
	for i := range 200 {
		long[0] = byte(i)
		s.Add(long)
		s.Add(long[:maxToken-1])
	}
	kept := 0
	for _, e := range s.kept().entries {
		kept += cap(e.token)
	}
	if kept > 50*maxToken || len(s.kept().members) != 50 {
		t.Errorf("%d bytes kept, %d members", kept, len(s.kept().members))
	}
}

func TestCloseOverwritesTheSample(t *testing.T) {
	s := newSampler(t, 10, seed)
	for i := range 100 {
		s.Add(fmt.Appendf(nil, "0101234%04d", i))
	}
	tokens := make([][]byte, 0, 10)
	for _, e := range s.kept().entries {
		tokens = append(tokens, e.token)
	}
	s.Close()
	for _, b := range append(tokens, s.kept().buf[32:]) {
		if !bytes.Equal(b, make([]byte, len(b))) {
			t.Errorf("left behind: %q", b)
		}
	}
	if s.Len() != 0 || len(s.kept().members) != 0 {
		t.Error("not empty")
	}
	s.Add([]byte("again"))
	if s.Len() != 1 {
		t.Error("a closed sampler starts afresh")
	}
}

func BenchmarkAdd(b *testing.B) {
	s := newSampler(b, DefaultSample, seed)
	value := []byte(written("hex lower case", digestOf("sha-256", "")))
	for i := range b.N {
		for j := range 8 {
			value[j] = "0123456789abcdef"[i>>(4*j)&15]
		}
		s.Add(value)
	}
}
