package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"exhibit/fixtures"
	"exhibit/pipeline"
)

// foldedSpec is a case of several months, with accounts that no customer table
// knows, joint accounts, and a newer customer table.
func foldedSpec(seed uint64) fixtures.Spec {
	spec := fixtures.Spec{Seed: seed, Persons: 25, Days: 45, Senders: 2, Traps: fixtures.DefaultTraps()}
	spec.Traps.UnknownAccounts, spec.Traps.JointAccounts, spec.Traps.OnlySecond = 0.2, 0.2, 0.5
	spec.Traps.Refused, spec.Traps.RefusedBeside = 0, 0
	return spec
}

// delivery is a case whose files come in batches.
type delivery struct {
	made  string   // the whole case
	dir   string   // the case that gets them one batch after the other
	now   []string // what has come
	later []string // what has not, in order of arrival
	word  string   // the file that the inspector let count in the place of others
}

// inBatches withholds all transfers but the first of each sender, in a random
// order, and the newer customer table; corrected files come with correct.
func inBatches(t *testing.T, made string, seed uint64) *delivery {
	t.Helper()
	d := &delivery{made: made, dir: filepath.Join(t.TempDir(), "case")}
	first := map[string]bool{}
	err := filepath.WalkDir(made, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(made, path)
		folder := filepath.Dir(name)
		switch {
		case strings.Contains(name, "_corrected"):
		case strings.HasSuffix(name, ".csv.gz") && first[folder], strings.HasSuffix(name, "garam/customers_20240225.csv"):
			d.later = append(d.later, name)
		default:
			first[folder] = first[folder] || strings.HasSuffix(name, ".csv.gz")
			d.now = append(d.now, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	copyFiles(t, made, d.dir, d.now)
	rng := rand.New(rand.NewPCG(seed, 2))
	rng.Shuffle(len(d.later), func(i, j int) { d.later[i], d.later[j] = d.later[j], d.later[i] })
	return d
}

func copyFiles(t *testing.T, from, to string, names []string) {
	t.Helper()
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// deliver lets files come, and gives the figures.
func (d *delivery) deliver(t *testing.T, names ...string) []byte {
	t.Helper()
	copyFiles(t, d.made, d.dir, names)
	d.now = append(d.now, names...)
	return figuresOf(t, d.dir)
}

// correct lets a corrected file come, which counts in the place of the one
// that came before it, and gives the figures.
func (d *delivery) correct(t *testing.T) []byte {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(d.made, "inbox", "*", "transfers", "*_corrected.csv.gz"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no corrected file: %v", err)
	}
	name, err := filepath.Rel(d.made, found[0])
	if err != nil {
		t.Fatal(err)
	}
	d.deliver(t, name)
	d.word = filepath.Base(name)
	return supersede(t, d.dir, d.word)
}

func supersede(t *testing.T, dir, name string) []byte {
	t.Helper()
	if code, _, errs := exhibit("files", "supersede", name, "--case", dir, "--reason", "the sender's letter"); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	return figuresOf(t, dir)
}

// atOnce gives the figures of a new case that gets all that has come at once.
func (d *delivery) atOnce(t *testing.T) []byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	copyFiles(t, d.made, dir, d.now)
	figures := figuresOf(t, dir)
	if d.word != "" {
		figures = supersede(t, dir, d.word)
	}
	return figures
}

// Files of several months that come in any order and in any batches, with
// unknown accounts, a corrected file of an older month and a new customer table
// among them, give after each batch the figures of a case that gets them all at
// once; and at the end the bytes of every rollup of the lake made anew.
func TestFoldedMonthsEqualARebuild(t *testing.T) {
	const batches = 4
	made, _ := generated(t, foldedSpec(31))
	for seed := range uint64(1) {
		d := inBatches(t, made, seed)
		rng := rand.New(rand.NewPCG(seed, 3))
		for step := 0; len(d.later) > 0; step++ {
			n := min(len(d.later), 1+rng.IntN(1+len(d.later)*2/3))
			if step == batches-1 {
				n = len(d.later)
			}
			figures := d.deliver(t, d.later[:n]...)
			d.later = d.later[n:]
			if step == 2 {
				figures = d.correct(t)
			}
			if !bytes.Equal(figures, d.atOnce(t)) {
				t.Fatalf("order %d, step %d: figures.json differs from that of a case that gets all at once", seed, step)
			}
		}
		folded := rollupFiles(t, d.dir)
		for name := range folded {
			if err := os.RemoveAll(filepath.Join(d.dir, "lake", name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(filepath.Join(d.dir, "lake", "rollups.json")); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := exhibit("derive", "--case", d.dir); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		for name, sums := range rollupFiles(t, d.dir) {
			for _, sum := range sums {
				if !slices.Contains(folded[name], sum) {
					t.Errorf("order %d: %s differs from that made anew", seed, name)
				}
			}
		}
	}
}

// rollupFiles gives the SHA-256 of the files of each rollup that the lake
// remembers.
func rollupFiles(t *testing.T, dir string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, r := range rememberedRollups(t, dir) {
		for _, f := range r.Files {
			data, err := os.ReadFile(filepath.Join(dir, "lake", f.Path))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(data)
			name, _, _ := strings.Cut(f.Path, "/")
			out[name] = append(out[name], hex.EncodeToString(sum[:]))
		}
	}
	return out
}

func rememberedRollups(t *testing.T, dir string) map[string]pipeline.Rollup {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "lake", "rollups.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]pipeline.Rollup
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A day that comes reads nothing of the months before: their account_months
// may be spoilt, but for the footers, and every rollup is made and every check,
// figure and finding runs all the same. A file that comes late for the month before does not read the earlier
// ones either. Made in ranges of a few accounts, other ranges each day, the
// rollups give the figures of a case that gets all at once.
func TestADayReadsNothingOfClosedMonths(t *testing.T) {
	spec := foldedSpec(32)
	spec.Senders, spec.Traps.Corrected, spec.Traps.MissingDays = 1, 0, 0
	spec.Traps.OddNames, spec.Traps.Duplicates, spec.Traps.HeaderOnly = 0, 0, 0
	made, _ := generated(t, spec)
	d := inBatches(t, made, 0)
	slices.SortFunc(d.later, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	april := slices.IndexFunc(d.later, func(name string) bool { return strings.Contains(name, "FARPAY_D_202404") })
	late := slices.IndexFunc(d.later, func(name string) bool { return strings.Contains(name, "FARPAY_D_20240328") })
	days := d.later[april+1:]
	d.deliver(t, slices.Delete(slices.Clone(d.later[:april]), late, late+1)...)
	d.deliver(t, d.later[april])
	spoilt := spoil(t, d.dir, "202402")
	for i, name := range []string{days[0], d.later[late], days[1]} {
		copyFiles(t, d.made, d.dir, []string{name})
		deriveFolded(t, d.dir, int64(5+i))
	}
	for _, path := range spoilt {
		if err := os.Rename(path+".kept", path); err != nil {
			t.Fatal(err)
		}
	}
	d.now = append(d.now, days[0], d.later[late], days[1])
	if !bytes.Equal(figuresOf(t, d.dir), d.atOnce(t)) {
		t.Error("figures.json differs from that of a case that gets all at once")
	}
}

// Accounts that nobody knew before make the last range of accounts anew, and
// those after it: the others are found.
func TestNewAccountsMakeTheLastRangeAnew(t *testing.T) {
	spec := foldedSpec(33)
	spec.Senders, spec.Traps.Corrected, spec.Traps.UnknownAccounts = 1, 0, 0.6
	made, _ := generated(t, spec)
	d := inBatches(t, made, 0)
	d.later = slices.DeleteFunc(d.later, func(name string) bool { return strings.Contains(name, "customers") })
	for _, name := range d.now {
		if !strings.Contains(name, "customers") && strings.Contains(name, ".csv") {
			keepHeader(t, filepath.Join(d.dir, name)) // at first nothing was sent, or paid
		}
	}
	const accounts = 4
	deriveFolded(t, d.dir, accounts)
	before := rangesOf(t, d.dir)
	copyFiles(t, d.made, d.dir, d.later)
	deriveFolded(t, d.dir, accounts)
	after := rangesOf(t, d.dir)
	for _, name := range []string{"accounts", "holders", "persons", "subjects"} {
		last := int64(0)
		for _, from := range before[name] {
			last = max(last, from)
		}
		if last == 0 || len(after[name]) <= len(before[name]) {
			t.Fatalf("%s: %d files of ranges, and then %d: no new accounts", name, len(before[name]), len(after[name]))
		}
		for path, from := range before[name] {
			if _, kept := after[name][path]; !kept && from < last {
				t.Errorf("%s: the range from %d was made anew", name, from)
			}
		}
	}
}

// keepHeader leaves of a delivered file its first line.
func keepHeader(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		header, _, _ := bytes.Cut(data, []byte("\n"))
		if err := os.WriteFile(path, append(header, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := bytes.Cut(text, []byte("\n"))
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(append(header, '\n')); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rangesOf gives, for each rollup, the files of ranges that the lake remembers,
// with the first account of each.
func rangesOf(t *testing.T, dir string) map[string]map[string]int64 {
	t.Helper()
	out := map[string]map[string]int64{}
	for _, r := range rememberedRollups(t, dir) {
		for _, f := range r.Files {
			if f.Range == nil {
				continue
			}
			name, _, _ := strings.Cut(f.Path, "/")
			if out[name] == nil {
				out[name] = map[string]int64{}
			}
			out[name][f.Path] = f.Range.From
		}
	}
	return out
}

// spoil overwrites the rows of the account_months of a month, leaving size and
// footer of each file as they are; the file itself is kept beside it.
func spoil(t *testing.T, dir, month string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "lake", "account_months", "source=*", "month="+month, "*.parquet"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files of %s: %v", month, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".kept", data, 0o644); err != nil {
			t.Fatal(err)
		}
		n := len(data)
		footer := n - 8 - (int(data[n-8]) | int(data[n-7])<<8 | int(data[n-6])<<16)
		for i := 4; i < footer; i++ {
			data[i] = 0xAA
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// deriveFolded takes new files in, brings the rollups up to date in ranges of so
// many accounts, and runs every check, figure, table and finding.
func deriveFolded(t *testing.T, dir string, accounts int64) {
	t.Helper()
	a := &app{caseDir: dir, settings: Settings{Memory: "256MiB", Threads: 2}, err: &bytes.Buffer{}}
	o, err := a.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	o.Accounts = accounts
	if _, err := o.Ingest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.Derive(t.Context()); err != nil {
		t.Fatal(err)
	}
	res, err := o.Results(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Discard(); err != nil {
		t.Fatal(err)
	}
}

// A new day makes nothing of the closed months anew: each rollup that is made
// by month keeps the files of every other month, those of the days of contracts
// too, for which what the layouts say of fields counts, and not how often they
// were filled.
func TestADayMakesOneMonth(t *testing.T) {
	spec := foldedSpec(33)
	spec.Traps.Corrected, spec.Traps.MissingDays, spec.Traps.OddNames, spec.Traps.Duplicates, spec.Traps.HeaderOnly = 0, 0, 0, 0, 0
	made, _ := generated(t, spec)
	d := inBatches(t, made, 0)
	slices.SortFunc(d.later, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	april := slices.IndexFunc(d.later, func(name string) bool { return strings.Contains(name, "FARPAY_D_202404") })
	d.deliver(t, d.later[:april]...)
	before := closedFiles(t, d.dir)
	d.deliver(t, d.later[april])
	after := closedFiles(t, d.dir)
	for _, rollup := range []string{"account_months", "sent_days", "file_days", "contract_days"} {
		if len(before[rollup]) == 0 || !slices.Equal(before[rollup], after[rollup]) {
			t.Errorf("%s of the closed months: %v, and before the day %v", rollup, after[rollup], before[rollup])
		}
	}
}

// closedFiles lists the files of each rollup that is made by month, but those
// of April.
func closedFiles(t *testing.T, dir string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, r := range rememberedRollups(t, dir) {
		for _, f := range r.Files {
			name, _, _ := strings.Cut(f.Path, "/")
			if strings.Contains(f.Path, "/month=") && !strings.Contains(f.Path, "/month=202404/") {
				out[name] = append(out[name], f.Path)
			}
		}
	}
	for name := range out {
		slices.Sort(out[name])
	}
	return out
}
