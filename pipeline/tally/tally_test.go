package tally

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// Whatever the records, the rows are those of counting one by one; and the
// bytes are the same with any number of workers, ranges of any width, and days
// merged in any order.
func TestCountsEveryRecord(t *testing.T) {
	for seed := range uint64(24) {
		w := newWorld(seed)
		dir := t.TempDir()
		days := w.write(t, dir)
		wide := limits{1 << 20, 1 << 20, 1 << 20}
		want := run(t, w, wide, job(dir, "whole", w, days), 1)
		if diff := gocmp.Diff(w.months(), monthRows(t, want.Months)); diff != "" {
			t.Fatalf("seed %d: account_months (-one by one +tally)\n%s", seed, diff)
		}
		if diff := gocmp.Diff(w.sentDays(), sentRows(t, want.SentDays)); diff != "" {
			t.Fatalf("seed %d: sent_days (-one by one +tally)\n%s", seed, diff)
		}
		for n, narrow := range []limits{{1 << 20, 1, 1 << 20}, {100, 64, 1 << 20}, wide} {
			got := run(t, w, narrow, job(dir, fmt.Sprint("narrow", n), w, days), 1+n)
			same(t, fmt.Sprintf("seed %d, limits %v", seed, narrow), want, got)
		}
		got := w.merged(t, dir, days, limits{200, 8, 1 << 20})
		same(t, fmt.Sprintf("seed %d, merged", seed), want, got)
	}
}

// merged counts some days, then those and some more, and so on, in any order.
func (w *world) merged(t *testing.T, dir string, days []pipeline.TallyDay, l limits) pipeline.TallyJob {
	rng := rand.New(rand.NewPCG(w.seed, 2))
	byDay := map[pipeline.Day][]pipeline.TallyDay{}
	for _, d := range days {
		byDay[d.Day] = append(byDay[d.Day], d)
	}
	var order []pipeline.Day
	for d := range byDay {
		order = append(order, d)
	}
	slices.Sort(order)
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	last := job(dir, "merge", w, nil)
	for n := 0; len(order) > 0; n++ {
		next := job(dir, fmt.Sprint("merge", n), w, nil)
		if n > 0 {
			next.BaseMonths, next.BaseDays = []string{last.Months}, []string{last.SentDays}
		}
		some := 1 + rng.IntN(len(order))
		for _, d := range order[:some] {
			next.Days = append(next.Days, byDay[d]...)
		}
		order = order[some:]
		last = run(t, w, l, next, 1+rng.IntN(3))
	}
	return last
}

func job(dir, name string, w *world, days []pipeline.TallyDay) pipeline.TallyJob {
	return pipeline.TallyJob{Source: "sent", Month: w.month(), Days: days,
		Months: filepath.Join(dir, name+"-months.parquet"), SentDays: filepath.Join(dir, name+"-days.parquet")}
}

func run(t *testing.T, w *world, l limits, j pipeline.TallyJob, workers int) pipeline.TallyJob {
	t.Helper()
	j.Workers = workers
	if _, err := (&Tally{limits: l}).Month(t.Context(), j); err != nil {
		t.Fatalf("seed %d: %v", w.seed, err)
	}
	return j
}

func same(t *testing.T, what string, a, b pipeline.TallyJob) {
	t.Helper()
	for _, p := range [][2]string{{a.Months, b.Months}, {a.SentDays, b.SentDays}} {
		x, err := os.ReadFile(p[0])
		y, err2 := os.ReadFile(p[1])
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x, y) {
			t.Fatalf("%s: %s and %s differ", what, filepath.Base(p[0]), filepath.Base(p[1]))
		}
	}
}

// A month with more combinations than may be held is refused, however it is
// counted, and one with as many as may be held is not.
func TestVariedMonthIsRefused(t *testing.T) {
	w := newWorld(5)
	dir := t.TempDir()
	days := w.write(t, dir)
	rows := len(w.sentDays())
	for workers := range 3 {
		j := job(dir, "varied", w, days)
		j.Workers = workers
		if _, err := (&Tally{Varied: rows - 1}).Month(t.Context(), j); !errors.Is(err, pipeline.ErrVaried) {
			t.Errorf("%d workers: %v", workers, err)
		}
		if _, err := (&Tally{Varied: rows}).Month(t.Context(), j); err != nil {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
	base := job(dir, "base", w, days[:len(days)/2])
	run(t, w, limits{200, 8, rows}, base, 1)
	j := job(dir, "varied", w, days[len(days)/2:])
	j.BaseMonths, j.BaseDays = []string{base.Months}, []string{base.SentDays}
	if _, err := (&Tally{Varied: rows - 1}).Month(t.Context(), j); !errors.Is(err, pipeline.ErrVaried) {
		t.Errorf("merged: %v", err)
	}
}

// What is no month of records is an error that names the file and no account.
func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		records []record
		spoil   func(*pipeline.TallyJob)
	}{
		"negative key":     {records: []record{{account: -7, named: true}}},
		"day of elsewhere": {records: []record{{account: 7, named: true}}, spoil: func(j *pipeline.TallyJob) { j.Days[0].Day += 40 }},
		"no fields":        {records: []record{{account: 7, named: true, noFields: true}}},
		"cut file": {records: []record{{account: 7, named: true}}, spoil: func(j *pipeline.TallyJob) {
			data, err := os.ReadFile(j.Days[0].Path)
			if err = errors.Join(err, os.WriteFile(j.Days[0].Path, data[:len(data)-9], 0o600)); err != nil {
				t.Fatal(err)
			}
		}},
		"no file": {spoil: func(j *pipeline.TallyJob) { j.Days[0].Path += ".gone" }},
	} {
		w := &world{first: firstOf(2024, 2), days: 29}
		dir := t.TempDir()
		path := filepath.Join(dir, "day.parquet")
		writeDay(t, path, c.records, 10)
		j := job(dir, "out", w, []pipeline.TallyDay{{Path: path, Day: w.first}})
		if c.spoil != nil {
			c.spoil(&j)
		}
		_, err := new(Tally).Month(t.Context(), j)
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(j.Days[0].Path)) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && bytes.Contains([]byte(err.Error()), []byte("7:")) {
			t.Errorf("%s: names an account: %v", name, err)
		}
	}
}

// A cancelled count ends with the context's error.
func TestCancelled(t *testing.T) {
	w := newWorld(1)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := new(Tally).Month(ctx, job(dir, "out", w, w.write(t, dir))); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// A month without any record has two files without rows.
func TestEmptyMonth(t *testing.T) {
	w := &world{first: firstOf(2023, 2), days: 28}
	got := run(t, w, limits{}, job(t.TempDir(), "out", w, nil), 2)
	if m, s := monthRows(t, got.Months), sentRows(t, got.SentDays); len(m)+len(s) != 0 {
		t.Errorf("rows %v, %v", m, s)
	}
}

// months counts the records one by one, as account_months.sql defines it.
func (w *world) months() []monthRow {
	type group struct {
		account int32
		c       combination
	}
	perDay := map[group]*[31]int64{}
	for d, files := range w.files {
		for _, r := range slices.Concat(files...) {
			if !r.named {
				continue
			}
			g := group{r.account, r.combination()}
			if perDay[g] == nil {
				perDay[g] = new([31]int64)
			}
			perDay[g][d]++
		}
	}
	var rows []monthRow
	for g, days := range perDay {
		masks := map[int64]int32{}
		for d, n := range days {
			if n > 0 {
				masks[n] |= 1 << d
			}
		}
		for n, mask := range masks {
			records := int64(0)
			for _, x := range days {
				if x == n {
					records += n
				}
			}
			rows = append(rows, monthRow{g.account, "sent", g.c.recipient, int32(w.month()), g.c.fields, n, mask, records})
		}
	}
	slices.SortFunc(rows, func(a, b monthRow) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Recipient, b.Recipient), cmp.Compare(a.Fields, b.Fields), cmp.Compare(a.PerDay, b.PerDay))
	})
	return rows
}

// sentDays counts the records one by one, as sent_days.sql defines it.
func (w *world) sentDays() []sentRow {
	counts := map[sentDay]sentCount{}
	for d, files := range w.files {
		for _, r := range slices.Concat(files...) {
			k := sentDay{w.first + pipeline.Day(d), r.combination()}
			n := counts[k]
			n.records++
			if !r.named {
				n.without++
			}
			counts[k] = n
		}
	}
	var rows []sentRow
	for k, n := range counts {
		rows = append(rows, sentRow{"sent", k.day, k.recipient, k.fields, n.records, n.without})
	}
	slices.SortFunc(rows, func(a, b sentRow) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Recipient, b.Recipient), cmp.Compare(a.Fields, b.Fields))
	})
	return rows
}
