package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const manyAccountsCase = `case: many
span: {from: 2024-03-01, to: 2024-03-02}
sources:
  - name: sent
    kind: transfers
    sender: bank
    recipient: {name: other, country: CN}
    files: "sent_*.csv"
    date: {from: name, pattern: '_(\d{8})\.csv$', format: "%Y%m%d"}
    schema:
      fields:
        - {name: uid, type: string, role: account}
`

// A registry that was kept changes nothing but the time it takes: with it and
// without it, the keys, figures and ledger of a new day are the same. One that
// was tampered with is found.
func TestKeptRegistryChangesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "case")
	write := func(dir, name string, from, to int) {
		var b strings.Builder
		b.WriteString("uid\n")
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "u%d\n", i)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "inbox"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(manyAccountsCase), 0o644); err != nil {
		t.Fatal(err)
	}
	write(dir, "inbox/sent_20240301.csv", 0, 70_000)
	figuresOf(t, dir, "--threads", "1")
	kept, err := filepath.Glob(filepath.Join(dir, "lake", "registry", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept registries: %v, %v", kept, err)
	}
	name, err := filepath.Rel(dir, kept[0])
	if err != nil {
		t.Fatal(err)
	}

	without, tampered := copyCase(t, dir), copyCase(t, dir)
	if err := os.Remove(filepath.Join(without, name)); err != nil {
		t.Fatal(err)
	}
	data := []byte(readFile(t, filepath.Join(tampered, name)))
	data[len(data)-1] ^= 4 // the key of the last account
	if err := os.WriteFile(filepath.Join(tampered, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, without, tampered} {
		write(dir, "inbox/sent_20240302.csv", 69_000, 71_000)
	}
	want := figuresOf(t, dir)
	if !strings.Contains(string(want), `"affected_persons": 71000`) || !strings.Contains(string(want), `"total_records": 72000`) {
		t.Errorf("figures: %s", want)
	}
	if got := figuresOf(t, without); string(got) != string(want) {
		t.Error("other figures without the kept registry")
	}
	const keys = "SELECT * FROM account_ids ORDER BY account_key"
	if query(t, dir, keys) != query(t, without, keys) {
		t.Error("other keys without the kept registry")
	}
	code, _, errs := exhibit("run", "--case", tampered)
	if code != 4 || !strings.Contains(errs, name) {
		t.Errorf("tampered: exit code %d: %s", code, errs)
	}
}
