package pipeline

import (
	"fmt"
	"sync"
	"testing"
)

// LookupAll gives what Lookup gives, for known and unknown names, also while
// others add.
func TestLookupAllIsLookup(t *testing.T) {
	r := NewRegistry()
	name := func(i int) []byte { return fmt.Appendf(nil, "account-%d", i) }
	for _, known := range []int{0, 1, 3000, 20_000} {
		for i := int(r.Len()); i < known; i++ {
			r.Add("bank", name(i))
		}
		var names [][]byte
		for i := range known + 700 {
			names = append(names, name(i*7919%(known+700)))
		}
		for _, scope := range []string{"bank", "other"} {
			keys := make([]int32, len(names))
			r.LookupAll(scope, names, keys)
			found := 0
			for i, n := range names {
				key, ok := r.Lookup(scope, n)
				if ok {
					found++
				} else {
					key = -1
				}
				if keys[i] != key {
					t.Fatalf("%d known, %s in %s: %d, and Lookup says %d", known, n, scope, keys[i], key)
				}
			}
			if want := map[string]int{"bank": known}[scope]; found != want {
				t.Fatalf("%d of %d names of %s are known", found, want, scope)
			}
		}
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				if w == 0 {
					r.Add("bank", name(100_000+i))
					continue
				}
				keys := []int32{0, 0}
				r.LookupAll("bank", [][]byte{name(i), []byte("nobody")}, keys)
				if keys[0] != int32(i) || keys[1] != -1 {
					t.Errorf("account %d is %v", i, keys)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Accounts in the order of an unsorted export.
func BenchmarkLookup(b *testing.B) {
	const known, batch = 4_000_000, 2048
	r := NewRegistry()
	r.Reserve(known)
	names := make([][]byte, known)
	for i := range names {
		names[i] = fmt.Appendf(nil, "%064x", i*7919)
	}
	r.Fill(known, func(i int) (string, []byte) { return "bank", names[i] })
	shuffled := make([][]byte, known)
	for i := range shuffled {
		shuffled[i] = names[i*1_234_577%known]
	}
	b.Run("one", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, ok := r.Lookup("bank", shuffled[i%known]); !ok {
				b.Fatal(i)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		keys := make([]int32, batch)
		for i := 0; b.Loop(); i += batch {
			if i+batch > known {
				i = 0
			}
			r.LookupAll("bank", shuffled[i:i+batch], keys)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/name")
	})
}
