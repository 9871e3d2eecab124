package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"exhibit/fixtures"
	"exhibit/pipeline/tally"

	"github.com/google/go-cmp/cmp"
)

func propertySpec(seed uint64) fixtures.Spec {
	return fixtures.Spec{Seed: seed, Persons: 60, Days: 24, Senders: 3, Traps: fixtures.DefaultTraps()}
}

// figuresOf runs a case, and gives figures.json of the last run.
func figuresOf(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	if code, _, errs := exhibit(append([]string{"run", "--case", dir}, args...)...); code != 0 && code != 3 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	return lastFigures(t, dir)
}

func lastFigures(t *testing.T, dir string) []byte {
	t.Helper()
	runs, err := filepath.Glob(filepath.Join(dir, "runs", "run-*", "figures.json"))
	if err != nil || len(runs) == 0 {
		t.Fatalf("no run: %v", err)
	}
	data, err := os.ReadFile(slices.Max(runs))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func copyCase(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "case")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Threads and memory never change a byte of what is published.
func TestMachineSettingsChangeNothing(t *testing.T) {
	made, _ := generated(t, propertySpec(11))
	var want, wantRun []byte
	for _, args := range [][]string{
		{"--threads", "1", "--memory", "256MiB"},
		{"--threads", "4", "--memory", "2GiB"},
		{"--threads", "3", "--memory", "512MiB", "--temp", t.TempDir()},
	} {
		dir := copyCase(t, made)
		got := figuresOf(t, dir, args...)
		manifest, err := os.ReadFile(filepath.Join(dir, "runs", "run-0001", "run.json"))
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want, wantRun = got, manifest
		}
		if !bytes.Equal(want, got) {
			t.Errorf("figures.json differs with %v", args)
		}
		if !bytes.Equal(wantRun, manifest) {
			t.Errorf("run.json differs with %v", args)
		}
	}
}

// Files that arrive one batch after the other, in any order, give the figures
// of all at once. Held files are left out: which of two files for a day comes
// first decides which of them is held, by design.
func TestOrderOfArrivalChangesNothing(t *testing.T) {
	spec := propertySpec(12)
	spec.Traps.Corrected = 0
	made, _ := generated(t, spec)
	want := figuresOf(t, copyCase(t, made))
	var files []string
	inbox := filepath.Join(made, "inbox")
	err := filepath.WalkDir(inbox, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, inbox+string(filepath.Separator)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(2) {
		rng := rand.New(rand.NewPCG(seed, 0))
		dir := copyCase(t, made)
		// Tables stay, and the first file of each source, which a glob must
		// match; control files are no transfers.
		first := map[string]bool{}
		var later []string
		for _, f := range files {
			folder := filepath.Dir(f)
			if filepath.Base(folder) != "transfers" || strings.HasSuffix(f, ".ctl") || !first[folder] {
				first[folder] = first[folder] || filepath.Base(folder) == "transfers" && !strings.HasSuffix(f, ".ctl")
				continue
			}
			later = append(later, f)
		}
		for _, f := range later {
			if err := os.Remove(filepath.Join(dir, "inbox", f)); err != nil {
				t.Fatal(err)
			}
		}
		rng.Shuffle(len(later), func(i, j int) { later[i], later[j] = later[j], later[i] })
		var got []byte
		for batch := range slices.Chunk(later, len(later)/3+1) {
			got = figuresOf(t, dir)
			for _, f := range batch {
				data, err := os.ReadFile(filepath.Join(inbox, f))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "inbox", f), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got = figuresOf(t, dir); !bytes.Equal(want, got) {
			t.Errorf("order %d: figures.json differs", seed)
		}
	}
}

// Killed at any instant, the next run completes with the same figures, keeps
// every line of the ledger, and leaves nothing in staging.
func TestKilledRunIsCompletedByTheNext(t *testing.T) {
	made, _ := generated(t, propertySpec(13))
	begun := time.Now()
	want := figuresOf(t, copyCase(t, made))
	whole := time.Since(begun)
	rng := rand.New(rand.NewPCG(7, 7))
	for range 3 {
		dir := copyCase(t, made)
		var kept []byte
		for range 4 {
			cmd := exec.Command(os.Args[0], "run", "--case", dir)
			cmd.Env = append(os.Environ(), asExhibit+"=1")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rng.Int64N(int64(whole))))
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			if _, err := cmd.Process.Wait(); err != nil {
				t.Fatal(err)
			}
			ledger, err := os.ReadFile(filepath.Join(dir, "custody", "ledger.jsonl"))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			ledger = ledger[:bytes.LastIndexByte(ledger, '\n')+1]
			if !bytes.HasPrefix(ledger, kept) {
				t.Fatal("a line of the ledger that was there is gone")
			}
			kept = ledger
		}
		if got := figuresOf(t, dir); !bytes.Equal(want, got) {
			t.Error("figures.json differs after kills")
		}
		if _, err := os.Stat(filepath.Join(dir, "lake", "staging")); !errors.Is(err, fs.ErrNotExist) {
			t.Error("staging is left behind")
		}
	}
}

// A second process on the same case ends with exit code 5 and changes nothing.
func TestSecondProcess(t *testing.T) {
	made, _ := generated(t, propertySpec(14))
	a := &app{caseDir: made, settings: Settings{Memory: "256MiB", Threads: 1}, err: &bytes.Buffer{}}
	o, err := a.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	code, _, errs := exhibit("run", "--case", made)
	if code != 5 || !strings.Contains(errs, "in use") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
}

// An interrupt ends a run with exit code 130, and the next run goes on.
func TestInterrupt(t *testing.T) {
	made, _ := generated(t, propertySpec(15))
	want := figuresOf(t, copyCase(t, made))
	cmd := exec.Command(os.Args[0], "run", "--case", made)
	cmd.Env = append(os.Environ(), asExhibit+"=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ledger := filepath.Join(made, "custody", "ledger.jsonl")
	for range 2000 {
		if _, err := os.Stat(ledger); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var ended *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &ended) || ended.ExitCode() != 130 {
		t.Errorf("ended with %v: %s", err, errs.String())
	}
	if !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("said %q", errs.String())
	}
	if got := figuresOf(t, made); !bytes.Equal(want, got) {
		t.Error("figures.json differs after an interrupt")
	}
}

// Days that arrive one after the other, in any order, are merged into their
// month, and give the bytes of a rebuild from nothing: of figures.json, and of
// the merged rollup itself.
func TestMergedMonthsEqualARebuild(t *testing.T) {
	spec := propertySpec(16)
	spec.Traps.Corrected, spec.Days = 0, 20
	made, _ := generated(t, spec)
	for seed := range uint64(1) {
		dir := copyCase(t, made)
		folder := filepath.Join(dir, "inbox", "garam", "transfers")
		files, err := filepath.Glob(filepath.Join(folder, "*.csv.gz"))
		if err != nil || len(files) < 10 {
			t.Fatalf("%d files, %v", len(files), err)
		}
		aside := t.TempDir()
		rng := rand.New(rand.NewPCG(seed, 1))
		rng.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		for _, f := range files[1:] {
			if err := os.Rename(f, filepath.Join(aside, filepath.Base(f))); err != nil {
				t.Fatal(err)
			}
		}
		figuresOf(t, dir)
		for batch := range slices.Chunk(files[1:], 5) {
			for _, f := range batch {
				if err := os.Rename(filepath.Join(aside, filepath.Base(f)), f); err != nil {
					t.Fatal(err)
				}
			}
			figuresOf(t, dir)
		}
		merged, figures := months(t, dir), lastFigures(t, dir)
		rebuilt := copyCase(t, made)
		want := figuresOf(t, rebuilt)
		if !bytes.Equal(want, figures) {
			t.Errorf("order %d: figures.json differs", seed)
		}
		if whole := months(t, rebuilt); len(merged) != len(whole) {
			t.Errorf("order %d: %d rows of account_months, rebuilt %d", seed, len(merged), len(whole))
		}
		// The same lake, with the rollups made anew: every byte is the same.
		if err := os.Remove(filepath.Join(dir, "lake", "rollups.json")); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "lake", "account_months")); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := exhibit("derive", "--case", dir); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		if diff := cmp.Diff(merged, months(t, dir)); diff != "" {
			t.Errorf("order %d (-merged +made anew):\n%s", seed, diff)
		}
	}
}

// A month whose records differ in too many ways to be counted in Go is made by
// the SQL, with the same figures.
func TestVariedMonthIsMadeBySQL(t *testing.T) {
	made, _ := generated(t, propertySpec(17))
	want := figuresOf(t, copyCase(t, made))
	dir := copyCase(t, made)
	if code, _, errs := exhibit("ingest", "--case", dir); code != 0 && code != 3 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	a := &app{caseDir: dir, settings: Settings{Memory: "256MiB", Threads: 2}, err: &bytes.Buffer{}}
	o, err := a.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o.Tally = &tally.Tally{Varied: 1}
	if err := errors.Join(o.Derive(t.Context()), o.Close()); err != nil {
		t.Fatal(err)
	}
	before := months(t, dir)
	if got := figuresOf(t, dir); !bytes.Equal(want, got) {
		t.Error("figures.json differs")
	}
	if diff := cmp.Diff(before, months(t, dir)); diff != "" {
		t.Errorf("the run made the months anew (-before +after):\n%s", diff)
	}
}

// months gives the files of account_months by their hash: equal lakes have
// equal files, whatever way they came about.
func months(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(dir, "lake", "account_months"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		sum := sha256.Sum256(data)
		out[strings.TrimPrefix(path, dir)] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
