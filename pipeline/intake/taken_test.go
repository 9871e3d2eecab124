package intake

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

func TestTakenRemembersAllBeyondItsMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	s := newTaken(dir, 700)
	want := map[int]bool{}
	for range 20_000 {
		v := rng.IntN(15_000)
		has, err := s.has(fmt.Append(nil, v))
		if err != nil || has != want[v] {
			t.Fatalf("%d: %v, %v; want %v", v, has, err, want[v])
		}
		if !has {
			want[v] = true
			if err := s.add(fmt.Append(nil, v)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(s.runs) < 10 || len(s.fresh) >= 700 {
		t.Errorf("%d runs, %d in memory", len(s.runs), len(s.fresh))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// What is remembered of accounts and unique values has a bound, and what is
// beyond it changes no count, no reject and no account of a record.
func TestForgottenAccountsChangeNothing(t *testing.T) {
	src := plain()
	src.Schema.Fields[1].Unique = true
	rng := rand.New(rand.NewPCG(3, 4))
	var text strings.Builder
	text.WriteString("id,note,mail\n")
	for range 5_000 {
		fmt.Fprintf(&text, "a%d,n%d,m\n", rng.IntN(300), rng.IntN(20_000))
	}
	want := read(t, src, text.String())
	r := New(Options{})
	r.held = 7
	got := readWith(t, r, src, "a.csv", []byte(text.String()), nil)
	if want.Reasons["duplicate_value"] == 0 || got.New <= want.New {
		t.Fatalf("%v, %d and %d new accounts: nothing was tested", want.Reasons, want.New, got.New)
	}
	if d := cmp.Diff(want.Receipt, got.Receipt); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want.rejects, got.rejects); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(named(want), named(got)); d != "" {
		t.Error(d)
	}
}

// named gives the account of each row by its name.
func named(r result) []string {
	at := -1
	for i, c := range pipeline.StagedColumns(plain()) {
		if c.Name == "account_key" {
			at = i
		}
	}
	var out []string
	for _, row := range r.rows {
		out = append(out, fmt.Sprint(r.accounts[-1-row[at].(int64)][0]))
	}
	return out
}
