package strength

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// TestImports holds that the package has no way to write a value anywhere: no
// files, no network, no log, no formatting.
func TestImports(t *testing.T) {
	allowed := map[string]bool{}
	for _, p := range strings.Fields(`bytes cmp container/heap context crypto/md5 crypto/sha1 crypto/sha256 crypto/sha512
		encoding/base64 encoding/binary encoding/hex errors iter math math/big math/bits runtime slices sync sync/atomic time`) {
		allowed[p] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			if p, _ := strconv.Unquote(imp.Path.Value); !allowed[p] {
				t.Errorf("%s imports %s", name, p)
			}
		}
		for _, word := range []string{"print(", "println(", "unsafe", "go:linkname"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s has %s", name, word)
			}
		}
	}
}

// traces are the ways in which a value could stand in a text.
func traces(value string) []string {
	wide := utf16.Encode([]rune(value))
	le, be := make([]byte, 2*len(wide)), make([]byte, 2*len(wide))
	for i, u := range wide {
		binary.LittleEndian.PutUint16(le[2*i:], u)
		binary.BigEndian.PutUint16(be[2*i:], u)
	}
	list := strings.Trim(fmt.Sprint([]byte(value)), "[]") // as %v prints bytes
	return []string{value, hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))), string(le), string(be),
		list, strings.ReplaceAll(list, " ", ","), hex.EncodeToString(le), strings.TrimLeft(value, "0+")}
}

func mustNotHold(t *testing.T, where, text string, values []string) {
	t.Helper()
	for i, v := range values {
		for j, trace := range traces(v) {
			if strings.Contains(text, trace) {
				t.Fatalf("%s holds planted value %d in form %d", where, i, j)
			}
		}
	}
}

// planted are 1,000 numbers and the samples made from them.
func planted(t *testing.T) (values []string, samples []*Sampler) {
	numbers := scattered(10_000, 49_999, 1000, 7919)
	for i, form := range allMobile {
		values = append(values, texts(numbers, func(n int) string { return mobileText(form, n) })...)
		tokens := texts(numbers, func(n int) string {
			return written(allEncodings[i], digestOf(allHashes[i%4], mobileText(form, n)))
		})
		values = append(values, tokens...)
		samples = append(samples, sampleOf(t, form[len("mobile number, "):], "phone", tokens))
	}
	samples = append(samples, sampleOf(t, "PLAIN", "phone", values[:1000]))
	return values, samples
}

func TestNothingShowsAPlantedValue(t *testing.T) {
	values, samples := planted(t)
	var told []string
	o := Options{MobileLimit: 50_000, Workers: 2, Known: []Known{{"phone", stream(values[:1000]...)}},
		Progress: func(done, total int64) { told = append(told, fmt.Sprint(done, total)) }}
	r, err := Run(context.Background(), samples, o)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range r.Result.Fields {
		if f.Recovered != 1000 {
			t.Fatalf("field %d: %d recovered", i, f.Recovered)
		}
	}
	r.Speeds = nil // floating point digits can look like anything
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	mustNotHold(t, "the result as JSON", string(data), values)
	mustNotHold(t, "progress", strings.Join(told, "\n"), values)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		mustNotHold(t, "the result by "+verb, fmt.Sprintf(verb, r.Result), values)
		mustNotHold(t, "the samplers by "+verb, fmt.Sprintf(verb, samples), values)
		mustNotHold(t, "a sampler by "+verb, fmt.Sprintf(verb, *samples[0]), values)
	}
	data, err = json.Marshal(samples)
	if err != nil {
		t.Fatal(err)
	}
	mustNotHold(t, "the samplers as JSON", string(data), values)
}

// The grep itself is honest: it finds a value where one stands.
func TestTracesAreFound(t *testing.T) {
	const v = "01000012345"
	for _, text := range []string{"x" + v, fmt.Sprintf("%x", v), fmt.Sprintf("%X", v), fmt.Sprint([]byte(v)), fmt.Sprintf("%#v", 1000012345)} {
		found := false
		for _, trace := range traces(v) {
			found = found || strings.Contains(text, trace)
		}
		if !found {
			t.Errorf("not found in %q", text)
		}
	}
}

// A panic in the loop itself, with the candidate as its text, ends the work
// and shows nothing of it.
func TestPanicInTheLoopShowsNoCandidate(t *testing.T) {
	for _, workers := range []int{1, 3} {
		p := &pass{space: mobileSpace(mobileForms[0], false, 5*chunk), workers: workers, step: func(int64) {}, index: newIndex(32, []target{{}}),
			sum: func(d *[maxDigest]byte, c []byte) {
				if string(c) == "01000234567" {
					panic("at " + string(c))
				}
				sumSHA256(d, c)
			}}
		_, err := p.run(context.Background(), p.index.newHits())
		if !errors.Is(err, ErrFault) {
			t.Fatalf("%d workers: %v", workers, err)
		}
		mustNotHold(t, "the error", fmt.Sprintf("%v %+v %#v %q", err, err, err, errors.Unwrap(err)), []string{"01000234567"})
	}
}

func TestPanicInACallbackShowsNoValue(t *testing.T) {
	values, samples := planted(t)
	for name, o := range map[string]Options{
		"progress": {MobileLimit: 50_000, Progress: func(int64, int64) { panic(values[0]) }},
		"known":    {KnownOnly: true, Known: []Known{{"phone", func(yield func([]byte) bool) { yield([]byte(values[0])); panic(errors.New(values[1])) }}}},
	} {
		r, err := Run(context.Background(), samples, o)
		if r != nil || !errors.Is(err, ErrFault) {
			t.Fatalf("%s: %v", name, err)
		}
		mustNotHold(t, name, fmt.Sprintf("%v %+v %#v", err, err, err), values)
	}
}

func TestErrors(t *testing.T) {
	values, samples := planted(t)
	ctx, cancel := context.WithCancel(context.Background())
	step := 0
	_, err := Run(ctx, samples, Options{MobileLimit: 5 * chunk, Progress: func(int64, int64) {
		if step++; step == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Run(ctx, samples, Options{KnownOnly: true, Known: []Known{{"phone", stream(values...)}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before known pairs: %v", err)
	}
	for _, o := range []Options{{Workers: -1}, {Numbers: -1}, {Numbers: maxNumbers + 1}, {MobileLimit: -1}} {
		if _, err := Run(context.Background(), samples, o); !errors.Is(err, ErrOptions) {
			t.Errorf("%v", err)
		}
	}
	for _, e := range []error{ErrFault, ErrOptions, ErrOtherSample, ErrSampleSize} {
		mustNotHold(t, "an error", e.Error(), values[:10])
	}
}

// After a run the trial's own copies of the tokens, and the bits, are zeros.
func TestTrialIsOverwritten(t *testing.T) {
	values, samples := planted(t)
	tr := newTrial(samples, Options{Workers: 2, MobileLimit: 50_000, Known: []Known{{"phone", stream(values[0])}}})
	if err := tr.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	tr.close()
	for _, f := range tr.fields {
		if ones(f.given) != 0 {
			t.Error("bits left")
		}
	}
	for _, x := range tr.indexes {
		if ones(x.filter) != 0 || ones(x.prefixes) != 0 {
			t.Error("prefixes left")
		}
		for i := range x.targets {
			if x.targets[i] != (target{}) {
				t.Fatal("a target left")
			}
		}
	}
	w := &worker{sum: sumSHA256, index: newIndex(32, []target{{}})}
	w.scan(&mobileSpace(mobileForms[0], false, 10)[0], 0, 10, w.index.newHits())
	if w.close(); w.text != [maxToken]byte{} || w.digest != [maxDigest]byte{} {
		t.Error("a candidate left")
	}
}

func TestOrderRepetitionAndWorkersDoNotChangeTheResult(t *testing.T) {
	numbers := scattered(0, 90_000, 3000, 7919)
	tokens := texts(numbers, func(n int) string { return written("base64url unpadded", digestOf("md5", mobileText(allMobile[1], n))) })
	known := texts(numbers, func(n int) string { return mobileText(allMobile[0], n) })
	var want Result
	for i, workers := range []int{1, 2, 7, 0} {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		r.Shuffle(len(tokens), func(i, j int) { tokens[i], tokens[j] = tokens[j], tokens[i] })
		r.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
		s, err := NewSampler(Field{"s", "HP", "phone"}, 500, seed)
		if err != nil {
			t.Fatal(err)
		}
		for range i + 1 {
			for _, v := range tokens {
				s.Add([]byte(v))
			}
		}
		got := mustRun(t, Options{Workers: workers, MobileLimit: 250_000, Known: []Known{{"phone", stream(known...)}}}, s)
		s.Close()
		if i == 0 {
			want = got
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers:\n%s", workers, diff)
		}
	}
	if f := want.Fields[0]; f.Tested != 500 || f.Recovered != 500 || f.AllValues {
		t.Errorf("%+v", f)
	}
}

func TestProgressEndsAtTheTotal(t *testing.T) {
	_, samples := planted(t)
	var last, total int64
	mustRun(t, Options{MobileLimit: 150_000, Numbers: 99, Progress: func(d, n int64) {
		if d <= last || total != 0 && n != total {
			t.Errorf("%d of %d after %d of %d", d, n, last, total)
		}
		last, total = d, n
	}}, samples...)
	if want := int64(4 * (5*150_000 + 99)); last != want || total != want {
		t.Errorf("%d of %d, want %d", last, total, want)
	}
}

func TestSpeedsStandApartFromTheResult(t *testing.T) {
	_, samples := planted(t)
	r, err := Run(context.Background(), samples, Options{Workers: 1, MobileLimit: 50_000, Numbers: 100})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Speeds) != 4*6 {
		t.Fatalf("%d speeds, want one for each hash and form", len(r.Speeds))
	}
	for _, s := range r.Speeds {
		scale := int64(100_000_000 / 50_000)
		if s.Form == "account number" {
			scale = 1
		}
		busy := s.WholeSpaceSeconds / float64(scale)
		if s.Candidates != 50_000 && s.Candidates != 100 || s.CandidatesPerSecond <= 0 || busy <= s.Seconds/100 || busy > s.Seconds*1.01 {
			t.Errorf("%+v", s)
		}
	}
	var clock time.Duration
	r, err = Run(context.Background(), samples, Options{MobileLimit: 50_000, ProcessorTime: func() time.Duration { clock += 4 * time.Millisecond; return clock }})
	if err != nil || r.Speeds[0].WholeSpaceSeconds != 8 {
		t.Errorf("4 ms for a part in 2,000: %+v, %v", r.Speeds[0], err)
	}
	data, err := json.Marshal(r.Result)
	if err != nil || strings.Contains(string(data), "second") {
		t.Errorf("a duration in the result: %v", err)
	}
}
