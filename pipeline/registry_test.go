package pipeline

import (
	"fmt"
	"testing"
)

// Keys are dense, in order of arrival, one for each sender and identifier,
// through many growths of the table.
func TestKeysAreDense(t *testing.T) {
	a := NewRegistry()
	a.Reserve(1000)
	const n = 200_000
	for i := range n {
		id := fmt.Appendf(nil, "acct-%d", i/2)
		key, added, ok := a.Add("s", id)
		if !ok || key != int32(i/2) || added != (i%2 == 0) {
			t.Fatalf("add %d: key %d, added %v, ok %v", i, key, added, ok)
		}
	}
	if a.Len() != n/2 {
		t.Fatalf("%d accounts, want %d", a.Len(), n/2)
	}
	for i := range n / 2 {
		if key, ok := a.Lookup("s", fmt.Appendf(nil, "acct-%d", i)); !ok || key != int32(i) {
			t.Fatalf("lookup %d: %d %v", i, key, ok)
		}
	}
	if _, ok := a.Lookup("other sender", []byte("acct-1")); ok {
		t.Fatal("an account of one sender is known as another's")
	}
}

// Filling gives what adding one after the other gives, and finds an entry that
// is there already.
func TestFillIsAddingInOrder(t *testing.T) {
	const n = 50_000
	id := func(i int) []byte { return fmt.Appendf(nil, "acct-%d", i) }
	r := NewRegistry()
	if key, _, _ := r.Add("s", []byte("first")); key != 0 {
		t.Fatal(key)
	}
	for from := 0; from < n; from += n / 5 {
		if !r.Fill(n/5, func(i int) (string, []byte) { return "s", id(from + i) }) {
			t.Fatalf("from %d: not new", from)
		}
	}
	if r.Len() != n+1 {
		t.Fatalf("%d entries", r.Len())
	}
	for i := range n {
		if key, ok := r.Lookup("s", id(i)); !ok || key != int32(i)+1 {
			t.Fatalf("entry %d has key %d, %v", i, key, ok)
		}
	}
	for _, again := range [][]byte{id(7), []byte("new")} {
		fresh := NewRegistry()
		fresh.Fill(n, func(i int) (string, []byte) { return "s", id(i) })
		if fresh.Fill(2, func(int) (string, []byte) { return "s", again }) {
			t.Errorf("%s twice is new", again)
		}
	}
}

func BenchmarkFill(b *testing.B) {
	const n = 1 << 18
	ids := make([][]byte, n)
	for b.Loop() {
		r := NewRegistry()
		r.Reserve(8 * n)
		for k := range 8 {
			for i := range ids {
				ids[i] = fmt.Appendf(ids[i][:0], "%032x%032x", k, i)
			}
			r.Fill(n, func(i int) (string, []byte) { return "s", ids[i] })
		}
	}
	b.ReportMetric(float64(b.N)*8*n/b.Elapsed().Seconds()/1e6, "Mentries/s")
}

func BenchmarkAdd(b *testing.B) {
	const n = 1 << 18
	ids := make([][]byte, n)
	for b.Loop() {
		r := NewRegistry()
		r.Reserve(8 * n)
		for k := range 8 {
			for i := range ids {
				ids[i] = fmt.Appendf(ids[i][:0], "%032x%032x", k, i)
			}
			for i := range ids {
				r.Add("s", ids[i])
			}
		}
	}
	b.ReportMetric(float64(b.N)*8*n/b.Elapsed().Seconds()/1e6, "Mentries/s")
}
