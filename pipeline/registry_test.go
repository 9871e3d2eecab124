package pipeline

import (
	"fmt"
	"testing"
)

// Keys are dense, in order of arrival, one for each sender and identifier,
// through many growths of the table.
func TestKeysAreDense(t *testing.T) {
	a := NewRegistry()
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
