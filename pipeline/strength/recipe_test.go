package strength

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every hash, encoding and form: 700 of 1,000 values lie in the space that is
// enumerated, and exactly those are found, by exactly the planted recipe.
func TestPlantedRecipesAreFoundAtTheExactRate(t *testing.T) {
	const limit = 30_000
	var samples []*Sampler
	var want []string
	for _, form := range append(allMobile[:5:5], "account number") {
		for _, hash := range allHashes {
			for _, encoding := range allEncodings {
				numbers := append(scattered(1+len(samples), limit, 700, 7919), scattered(limit+1, 90_000_000, 300, 104_729)...)
				values := texts(numbers, func(n int) string { return written(encoding, digestOf(hash, mobileText(form, n))) })
				samples = append(samples, sampleOf(t, fmt.Sprint("F", len(samples)), "phone", values))
				want = append(want, hash+" "+encoding+" of "+form)
			}
		}
	}
	got := mustRun(t, Options{MobileLimit: limit, Numbers: limit}, samples...)
	for i, f := range got.Fields {
		if diff := cmp.Diff(map[string]int{"enumeration: " + want[i]: 700}, recovered(f)); diff != "" {
			t.Errorf("%s:\n%s", want[i], diff)
		}
		if f.Tested != 1000 || f.Recovered != 700 || f.Verdict != "reversed by recipe "+want[i] || !f.AllValues {
			t.Errorf("%s: %+v", want[i], f)
		}
	}
}

func TestPlainNumbersAreFoundByTheirForm(t *testing.T) {
	var samples []*Sampler
	all := append(allMobile[:5:5], "account number")
	for _, form := range all {
		numbers := append(scattered(1, 1000, 40, 17), scattered(1000, 2000, 60, 7)...)
		samples = append(samples, sampleOf(t, form, "phone", texts(numbers, func(n int) string { return mobileText(form, n) })))
	}
	for i, f := range mustRun(t, Options{MobileLimit: 1000, Numbers: 999}, samples...).Fields {
		if diff := cmp.Diff(map[string]int{"form: plain " + all[i]: 40}, recovered(f)); diff != "" {
			t.Errorf("%s:\n%s", all[i], diff)
		}
	}
}

func TestOldPrefixesAreAnOption(t *testing.T) {
	var values []string
	for i := range 5 {
		values = append(values, fmt.Sprintf("011%07d", i), fmt.Sprintf("016%08d", i), fmt.Sprintf("017-%03d-%04d", i, i), fmt.Sprintf("019%08d", i), fmt.Sprintf("018%07d", i))
	}
	for i, v := range values {
		values[i] = written("hex lower case", digestOf("sha-1", v))
	}
	s := sampleOf(t, "HP", "phone", values)
	if f := mustRun(t, Options{MobileLimit: 50_000}, s).Fields[0]; f.Recovered != 0 || f.Verdict != VerdictNotReversed {
		t.Errorf("without old prefixes: %+v", f)
	}
	want := map[string]int{
		"enumeration: sha-1 hex lower case of mobile number, digits":  20,
		"enumeration: sha-1 hex lower case of mobile number, hyphens": 5,
	}
	f := mustRun(t, Options{MobileLimit: 50_000, OldPrefixes: true}, s).Fields[0]
	if diff := cmp.Diff(want, recovered(f)); diff != "" {
		t.Error(diff)
	}
}

func TestNumbersUpToAndIncludingTheLast(t *testing.T) {
	plain := texts(scattered(1, 21, 20, 1), func(n int) string { return fmt.Sprint(n) })
	hashed := texts(scattered(1, 21, 20, 1), func(n int) string { return written("base64", digestOf("sha-1", fmt.Sprint(n))) })
	for _, f := range mustRun(t, Options{MobileLimit: 1, Numbers: 15}, sampleOf(t, "A", "account", plain), sampleOf(t, "B", "account", hashed)).Fields {
		if f.Recovered != 15 {
			t.Errorf("%s: %d of 15", f.Name, f.Recovered)
		}
	}
}

// A candidate must give the whole digest, not its first 64 bits.
func TestWholeDigestsAreCompared(t *testing.T) {
	targets := make([]target, 4)
	for i := range targets {
		copy(targets[i].digest[:], "12345678")
		targets[i].digest[31] = byte(i)
		targets[i].position = int32(i)
	}
	x := newIndex(32, targets)
	for i, want := range []uint64{1, 2, 4, 8, 0} {
		var d [maxDigest]byte
		copy(d[:], "12345678")
		d[31] = byte(i)
		d[40] = 'x' // left by a longer hash
		hits := x.newHits()
		x.find(&d, hits)
		if hits[0] != want {
			t.Errorf("digest %d hits %b, want %b", i, hits[0], want)
		}
	}
}

// The whole space is what it is said to be.
func TestSizeOfTheSpaces(t *testing.T) {
	for _, c := range []struct {
		space []segment
		want  int64
	}{
		{mobileSpace(mobileForms[0], false, 0), 100_000_000},
		{mobileSpace(mobileForms[1], true, 0), 100_000_000 + 5*(10_000_000+100_000_000)},
		{mobileSpace(mobileForms[2], true, 1000), 11_000},
		{numberSpace(0), 0},
		{numberSpace(9), 9},
		{numberSpace(10), 10},
		{numberSpace(123_456), 123_456},
		{numberSpace(maxNumbers), maxNumbers},
	} {
		if got := candidates(c.space); got != c.want {
			t.Errorf("%d candidates, want %d", got, c.want)
		}
	}
}

// Every candidate of a space is tried once, also at the seams of chunks and
// lengths: a hash that only notes its input sees the whole list.
func TestEveryCandidateOnce(t *testing.T) {
	seen := map[string]int{}
	for form, space := range map[string][]segment{
		"mobile number, hyphens": mobileSpace(mobileForms[1], false, chunk+3),
		"account number":         numberSpace(2*chunk + 1),
	} {
		clear(seen)
		p := &pass{space: space, workers: 1, step: func(int64) {}, index: newIndex(32, []target{{}}),
			sum: func(_ *[maxDigest]byte, c []byte) { seen[string(c)]++ }}
		if _, err := p.run(t.Context(), p.index.newHits()); err != nil {
			t.Fatal(err)
		}
		n, first := chunk+3, 0
		if form == "account number" {
			n, first = 2*chunk+1, 1
		}
		if len(seen) != n {
			t.Errorf("%s: %d candidates, want %d", form, len(seen), n)
		}
		for i := range n {
			if seen[mobileText(form, first+i)] != 1 {
				t.Fatalf("%s: candidate %d tried %d times", form, i, seen[mobileText(form, first+i)])
			}
		}
	}
}

func TestSaltedKeyedAndNamesAreNotReversed(t *testing.T) {
	numbers := scattered(0, 20_000, 1000, 7919)
	mac := hmac.New(sha256.New, []byte("a key that nobody outside knows"))
	keyed := texts(numbers, func(n int) string {
		mac.Reset()
		mac.Write([]byte(mobileText("mobile number, digits", n)))
		return hex.EncodeToString(mac.Sum(nil))
	})
	salted := texts(numbers, func(n int) string {
		return written("base64", digestOf("sha-256", fmt.Sprintf("%08x", n*31)+mobileText("mobile number, digits", n)))
	})
	names := texts(numbers, func(n int) string { return written("hex lower case", digestOf("md5", fmt.Sprint("김", n))) })
	got := mustRun(t, Options{MobileLimit: 20_000, Numbers: 20_000},
		sampleOf(t, "HP", "phone", keyed), sampleOf(t, "ACC", "account", salted), sampleOf(t, "NM", "name", names))
	for _, f := range got.Fields {
		if f.Recovered != 0 || f.Tested != 1000 || f.LowPerMillion != 0 || f.Verdict != "not reversed by these recipes" || len(f.Recipes) != 6 {
			t.Errorf("%+v", f)
		}
	}
	for _, v := range []string{VerdictReversed, VerdictNotReversed, VerdictNoRecipe, VerdictRefused} {
		for _, bad := range []string{"strong", "safe", "secure"} {
			if strings.Contains(v, bad) {
				t.Errorf("verdict %q says %q", v, bad)
			}
		}
	}
}

func TestValuesThatNoRecipeMakes(t *testing.T) {
	plain := texts(scattered(0, 100, 20, 1), func(n int) string { return fmt.Sprint("홍길동", n) })
	mails := texts(scattered(0, 100, 20, 1), func(n int) string { return fmt.Sprintf("p%d@example.org", n) })
	got := mustRun(t, Options{MobileLimit: 10}, sampleOf(t, "NM", "name", plain), sampleOf(t, "EM", "email", mails))
	for i, want := range []string{formOther, formEmail} {
		f := got.Fields[i]
		if f.Verdict != VerdictNoRecipe || len(f.Recipes) != 0 || !cmp.Equal(f.Shapes, []ShapeCount{{want, 20}}) {
			t.Errorf("%+v", f)
		}
	}
}

func stream(values ...string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var buf []byte // one buffer for all, as a reader would
		for _, v := range values {
			buf = append(buf[:0], v...)
			if !yield(buf) {
				return
			}
		}
	}
}

// Test A: the customer table writes numbers with hyphens and addresses as
// they come; the sender hashed digits, and addresses in lower case.
func TestKnownPairsGiveRecipeAndRate(t *testing.T) {
	numbers := scattered(0, 90_000_000, 500, 104_729)
	phones := texts(numbers, func(n int) string { return written("hex upper case", digestOf("sha-256", mobileText(allMobile[0], n))) })
	mail := func(n int) string { return fmt.Sprintf("Person.%d@Example.org", n) }
	mails := texts(numbers, func(n int) string { return written("base64url", digestOf("sha-512", strings.ToLower(mail(n)))) })
	names := texts(numbers, func(n int) string { return fmt.Sprint("홍길동", n) })
	accounts := texts(numbers, func(n int) string { return written("hex lower case", digestOf("md5", mobileText(allMobile[3], n))) })
	held := numbers[:400]
	known := []Known{
		{"phone", stream(texts(held, func(n int) string { return mobileText(allMobile[1], n) })...)},
		{"email", stream(texts(held, mail)...)},
		{"name", stream(texts(held, func(n int) string { return fmt.Sprint("홍길동", n) })...)},
	}
	got := mustRun(t, Options{Known: known, KnownOnly: true}, sampleOf(t, "HP", "phone", phones), sampleOf(t, "EM", "email", mails),
		sampleOf(t, "NM", "name", names), sampleOf(t, "ACC", "account", accounts))
	for i, want := range []string{
		"sha-256 hex upper case of mobile number, digits",
		"sha-512 base64url of value in lower case",
		"plain value as given",
		"md5 hex lower case of mobile number, +82 and hyphens",
	} {
		f := got.Fields[i]
		if diff := cmp.Diff(map[string]int{"known pairs: " + want: 400}, recovered(f)); diff != "" {
			t.Errorf("%s:\n%s", want, diff)
		}
		if f.Verdict != VerdictReversed+want || f.Tested != 500 || f.Recovered != 400 {
			t.Errorf("%+v", f)
		}
		for _, r := range f.Recipes {
			if strings.HasSuffix(r.Recipe, "value as given") && r.Known == "phone" {
				t.Errorf("%s: a mobile number is written in its forms alone: %+v", f.Name, r)
			}
			if r.Candidates != 400 || r.Known == "" || f.Identifies != "account" && r.Known != f.Identifies {
				t.Errorf("%s: %+v", f.Name, r)
			}
		}
	}
}

// A text without a letter fits upper and lower case: it counts for the case
// that the other values show.
func TestAmbiguousTextsCountForTheEvidentEncoding(t *testing.T) {
	for _, c := range []struct {
		seen []encoding
		want encoding
	}{
		{[]encoding{hexLower | hexUpper, hexUpper}, hexUpper},
		{[]encoding{hexLower | hexUpper}, hexLower},
		{[]encoding{hexLower, hexUpper}, hexLower | hexUpper},
		{[]encoding{base64Std | base64URL, base64URL, base64StdBare | base64URLBare}, base64URL | base64StdBare},
		{nil, 0},
	} {
		if got := evident(c.seen); got != c.want {
			t.Errorf("evident(%b) = %b, want %b", c.seen, got, c.want)
		}
	}
}

func TestShapes(t *testing.T) {
	d := digestOf("sha-256", "x")
	for text, want := range map[string]string{
		written("hex lower case", d):              "hex of the length of sha-256",
		written("base64 unpadded", d):             "base64 of the length of sha-256",
		written("base64url", digestOf("md5", "")): "base64 of the length of md5",
		strings.Repeat("A", 42) + "B=":            formOther, // bits behind the end
		"Ab" + written("hex lower case", d)[2:]:   formOther, // of mixed case
		written("hex lower case", d)[1:]:          formOther,
		written("hex lower case", d) + "\n":       formOther,
		strings.Repeat("=", 44):                   formOther,
		"010-1234-5678":                           formMobile,
		"010-1234-567":                            formOther,
		"0111234567":                              formMobile,
		"+82 10 1234 5678":                        formMobile,
		"+82 010-1234-5678":                       formMobile,
		"821012345678":                            formMobile,
		"021234567":                               formOther,
		"12345":                                   formNumber,
		"012345":                                  formOther,
		"a@b.kr":                                  formEmail,
		"a***@b.kr":                               formOther,
		"a@b@c":                                   formOther,
		"":                                        formOther,
	} {
		var digest [maxDigest]byte
		if got := shapeOf([]byte(text), &digest); got.form != want {
			t.Errorf("%q: %s, want %s", text, got.form, want)
		}
	}
}

func TestRecipesAreAClosedList(t *testing.T) {
	list := Recipes()
	unique := map[string]bool{}
	for _, r := range list {
		unique[r] = true
	}
	if want := 8 + 4*6*8; len(list) != want || len(unique) != want {
		t.Errorf("%d recipes, %d different, want %d", len(list), len(unique), want)
	}
	known := []Known{{"phone", stream("01000000001")}, {"email", stream("A@b.kr")}}
	values := texts(scattered(0, 50, 20, 3), func(n int) string { return mobileText("mobile number, 82", n) })
	f := mustRun(t, Options{MobileLimit: 10, Numbers: 10, Known: known}, sampleOf(t, "A", "account", values)).Fields[0]
	if len(f.Recipes) == 0 {
		t.Error("nothing tried")
	}
	for _, r := range f.Recipes {
		if !unique[r.Recipe] {
			t.Errorf("%q is not in the list: %v", r.Recipe, slices.Sorted(maps.Keys(unique)))
		}
	}
}
