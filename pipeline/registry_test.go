package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// registries are all the ways in which a registry keeps its entries: in the
// table of the recent ones, sorted in memory, sorted in a file.
func registries(t *testing.T) map[string]*Registry {
	all := map[string]*Registry{"process": NewRegistry(), "recent": KeepRegistry(t.TempDir())}
	for name, bounds := range map[string]registryBounds{
		"memory": {recent: 1000, memory: 1 << 30},
		"disk":   {recent: 1000, memory: 0},
		"both":   {recent: 1000, memory: 6000},
	} {
		r := KeepRegistry(t.TempDir())
		r.bounds = bounds
		all[name] = r
	}
	return all
}

func account(i int) []byte { return fmt.Appendf(nil, "account-%d", i) }

// Keys are dense, in order of arrival, one for each sender and identifier,
// wherever the entries lie, one by one or many at a time, and after the
// registry was saved and loaded.
func TestKeysAreDense(t *testing.T) {
	for name, r := range registries(t) {
		t.Run(name, func(t *testing.T) {
			const n = 10_000
			for i := range n {
				key, added, err := r.Add("s", account(i/2))
				if err != nil || key != int32(i/2) || added != (i%2 == 0) {
					t.Fatalf("add %d: key %d, added %v, %v", i, key, added, err)
				}
			}
			// 2,000 that are known and 3,000 that are not, each twice.
			keys := make([]int32, 10_000)
			entry := func(i int) (string, []byte) { return "s", account(n/2 - 2000 + i/2) }
			if err := r.AddAll(len(keys), entry, keys); err != nil {
				t.Fatal(err)
			}
			for i, key := range keys {
				if want := int32(n/2 - 2000 + i/2); key != want {
					t.Fatalf("%d of many: key %d, want %d", i, key, want)
				}
			}
			holds(t, r, n/2+3000)
			if name == "process" {
				return
			}
			for _, memory := range []int{0, 1 << 30} {
				path := filepath.Join(t.TempDir(), "kept")
				if err := r.Save(path); err != nil {
					t.Fatal(err)
				}
				holds(t, r, n/2+3000)
				again, err := loadRegistry(path, t.TempDir(), registryBounds{recent: 1000, memory: memory})
				if err != nil {
					t.Fatal(err)
				}
				holds(t, again, n/2+3000)
				for i := range 3000 {
					if _, added, err := again.Add("s", account(n/2+3000+i)); !added || err != nil {
						t.Fatal(i, added, err)
					}
				}
				holds(t, again, n/2+6000)
				holds(t, r, n/2+3000)
				if err := again.Close(); err != nil {
					t.Fatal(err)
				}
				if _, err := os.Stat(path); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// holds says whether a registry knows the first n accounts of sender s, and no
// others.
func holds(t *testing.T, r *Registry, n int) {
	t.Helper()
	if int(r.Len()) != n {
		t.Fatalf("%d accounts, want %d", r.Len(), n)
	}
	names := make([][]byte, n+700)
	for i := range names {
		names[i] = account(i * 7919 % len(names))
	}
	keys := make([]int32, len(names))
	for _, scope := range []string{"s", "other"} {
		if err := r.LookupAll(scope, names, keys); err != nil {
			t.Fatal(err)
		}
		for i, key := range keys {
			want := int32(i * 7919 % len(names))
			if scope == "other" || want >= int32(n) {
				want = -1
			}
			if key != want {
				t.Fatalf("%s of %s has key %d, want %d", names[i], scope, key, want)
			}
			if one, ok, err := r.Lookup(scope, names[i]); i%97 == 0 && (err != nil || ok != (want >= 0) || ok && one != want) {
				t.Fatalf("%s of %s alone has key %d, %v, %v", names[i], scope, one, ok, err)
			}
		}
	}
}

// A name or sender of any length is an entry of its own, and none is another's
// with the border moved.
func TestEntriesOfAnyLength(t *testing.T) {
	for name, r := range registries(t) {
		seen := int32(0)
		for _, scope := range []string{"", "a", "ab", string(bytes.Repeat([]byte("s"), 300))} {
			for _, entry := range []string{"", "b", "bb", "abb", string(bytes.Repeat([]byte("n"), 5000)), string(bytes.Repeat([]byte("n"), 5001))} {
				if key, added, err := r.Add(scope, []byte(entry)); key != seen || !added || err != nil {
					t.Errorf("%s: %d, %v, %v", name, key, added, err)
				}
				seen++
			}
		}
	}
}

// What is looked up while others add is right, also when entries are sorted in
// between.
func TestLookupWhileAdding(t *testing.T) {
	for name, r := range registries(t) {
		t.Run(name, func(t *testing.T) {
			for i := range 2000 {
				if _, _, err := r.Add("bank", account(i)); err != nil {
					t.Fatal(err)
				}
			}
			var wg sync.WaitGroup
			for w := range 4 {
				wg.Go(func() {
					for i := range 2000 {
						if w == 0 {
							if _, _, err := r.Add("bank", account(100_000+i)); err != nil {
								t.Error(err)
							}
							continue
						}
						keys := []int32{0, 0}
						if err := r.LookupAll("bank", [][]byte{account(i), []byte("nobody")}, keys); err != nil || keys[0] != int32(i) || keys[1] != -1 {
							t.Errorf("account %d is %v, %v", i, keys, err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// A file that is not what Save wrote is an error and no registry.
func TestDamagedRegistry(t *testing.T) {
	r := KeepRegistry(t.TempDir())
	for i := range 1000 {
		if _, _, err := r.Add("s", account(i)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "kept")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	swapped := bytes.Clone(good)
	copy(swapped[indexHeader:], good[indexHeader+slotBytes:][:slotBytes])
	noKey := bytes.Clone(good)
	clear(noKey[indexHeader+12:][:4])
	for name, bad := range map[string][]byte{"empty": nil, "cut": good[:len(good)-1], "one less": good[:len(good)-slotBytes],
		"header alone": good[:indexHeader], "half a header": good[:20], "another file": []byte("PAR1"), "swapped": swapped, "no key": noKey} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, memory := range []int{0, 1 << 30} {
			if _, err := loadRegistry(path, t.TempDir(), registryBounds{recent: 10, memory: memory}); !errors.Is(err, ErrVerify) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A registry whose file cannot be written says so from then on, and gives no
// key that may be wrong.
func TestRegistryWithoutRoom(t *testing.T) {
	r := KeepRegistry(filepath.Join(t.TempDir(), "no such folder"))
	r.bounds = registryBounds{recent: 100}
	var failed error
	for i := 0; i < 200 && failed == nil; i++ {
		_, _, failed = r.Add("s", account(i))
	}
	if !errors.Is(failed, os.ErrNotExist) {
		t.Fatalf("no room: %v", failed)
	}
	if _, _, err := r.Add("s", account(1)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("added: %v", err)
	}
	if _, _, err := r.Lookup("s", account(1)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looked up: %v", err)
	}
	if err := r.Save(filepath.Join(t.TempDir(), "kept")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("saved: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

const benchEntries = 4_000_000

func benchRegistry(b *testing.B) (*Registry, [][]byte) {
	r := KeepRegistry(b.TempDir())
	names := make([][]byte, benchEntries)
	for i := range names {
		names[i] = fmt.Appendf(nil, "%064x", i*7919)
	}
	if err := r.AddAll(len(names), func(i int) (string, []byte) { return "bank", names[i] }, make([]int32, len(names))); err != nil {
		b.Fatal(err)
	}
	return r, names
}

func BenchmarkAddAll(b *testing.B) {
	for b.Loop() {
		benchRegistry(b)
	}
	b.ReportMetric(float64(b.N)*benchEntries/b.Elapsed().Seconds()/1e6, "Mentries/s")
}

func BenchmarkLoad(b *testing.B) {
	r, _ := benchRegistry(b)
	path := filepath.Join(b.TempDir(), "kept")
	if err := r.Save(path); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := LoadRegistry(path, b.TempDir()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*benchEntries/b.Elapsed().Seconds()/1e6, "Mentries/s")
}

// Accounts in the order of an unsorted export.
func BenchmarkLookup(b *testing.B) {
	r, names := benchRegistry(b)
	const batch = 2048
	shuffled := make([][]byte, len(names))
	for i := range shuffled {
		shuffled[i] = names[i*1_234_577%len(names)]
	}
	keys := make([]int32, batch)
	lookup := func(b *testing.B) {
		for i := 0; b.Loop(); i += batch {
			if i+batch > len(names) {
				i = 0
			}
			if err := r.LookupAll("bank", shuffled[i:i+batch], keys); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/name")
	}
	b.Run("recent", lookup)
	path := filepath.Join(b.TempDir(), "kept")
	if err := r.Save(path); err != nil {
		b.Fatal(err)
	}
	for where, memory := range map[string]int{"memory": 1 << 30, "disk": 0} {
		var err error
		if r, err = loadRegistry(path, b.TempDir(), registryBounds{memory: memory}); err != nil {
			b.Fatal(err)
		}
		b.Run(where, lookup)
	}
}
