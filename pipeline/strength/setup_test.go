package strength

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var seed = sha256.Sum256([]byte("invented"))

// digestOf, written and mobileText say in the plainest way what a recipe is;
// they share nothing with the package.
func digestOf(name, text string) []byte {
	switch name {
	case "md5":
		d := md5.Sum([]byte(text))
		return d[:]
	case "sha-1":
		d := sha1.Sum([]byte(text))
		return d[:]
	case "sha-256":
		d := sha256.Sum256([]byte(text))
		return d[:]
	case "sha-512":
		d := sha512.Sum512([]byte(text))
		return d[:]
	}
	panic(name)
}

func written(encoding string, d []byte) string {
	switch encoding {
	case "hex lower case":
		return hex.EncodeToString(d)
	case "hex upper case":
		return strings.ToUpper(hex.EncodeToString(d))
	case "base64":
		return base64.StdEncoding.EncodeToString(d)
	case "base64url":
		return base64.URLEncoding.EncodeToString(d)
	case "base64 unpadded":
		return base64.RawStdEncoding.EncodeToString(d)
	case "base64url unpadded":
		return base64.RawURLEncoding.EncodeToString(d)
	}
	panic(encoding)
}

func mobileText(form string, n int) string {
	a, b := n/10_000, n%10_000
	switch form {
	case "mobile number, digits":
		return fmt.Sprintf("010%04d%04d", a, b)
	case "mobile number, hyphens":
		return fmt.Sprintf("010-%04d-%04d", a, b)
	case "mobile number, +82":
		return fmt.Sprintf("+8210%04d%04d", a, b)
	case "mobile number, +82 and hyphens":
		return fmt.Sprintf("+82-10-%04d-%04d", a, b)
	case "mobile number, 82":
		return fmt.Sprintf("8210%04d%04d", a, b)
	case "account number":
		return fmt.Sprint(n)
	}
	panic(form)
}

var (
	allHashes    = []string{"md5", "sha-1", "sha-256", "sha-512"}
	allEncodings = []string{"hex lower case", "hex upper case", "base64", "base64url", "base64 unpadded", "base64url unpadded"}
	allMobile    = []string{"mobile number, digits", "mobile number, hyphens", "mobile number, +82", "mobile number, +82 and hyphens", "mobile number, 82"}
)

// sampleOf is a sample of all the values.
func sampleOf(t testing.TB, name, identifies string, values []string) *Sampler {
	t.Helper()
	s, err := NewSampler(Field{"kakaopay-alipay", name, identifies}, DefaultSample, seed)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		s.Add([]byte(v))
	}
	t.Cleanup(s.Close)
	return s
}

func mustRun(t testing.TB, o Options, samples ...*Sampler) Result {
	t.Helper()
	r, err := Run(context.Background(), samples, o)
	if err != nil {
		t.Fatal(err)
	}
	return r.Result
}

// recovered gives the recovered values of each recipe of a field that gave any.
func recovered(f FieldResult) map[string]int {
	out := map[string]int{}
	for _, r := range f.Recipes {
		if r.Recovered > 0 {
			out[r.Test+": "+r.Recipe] += r.Recovered
		}
	}
	return out
}

// scattered gives count different numbers from … to−1, the same each time.
func scattered(from, to, count, step int) []int {
	var out []int
	for i := range count {
		out = append(out, from+(i*step)%(to-from))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func texts(numbers []int, f func(int) string) []string {
	var out []string
	for _, n := range numbers {
		out = append(out, f(n))
	}
	return out
}
