// Package tally counts the records of one source and month, the rollups
// account_months and sent_days, and adds the months of accounts up: the rollups
// account_totals, account_flows, account_unneeded and account_breaches, and
// person_totals of the first of these. Their definitions are sql/rollup/<name>.sql. It is a faster way to the rows of these
// definitions, and no other definition.
//
// It promises: every record of every file is counted once; the rows are those
// of the SQL, in its order; the bytes written depend on the records alone, not
// on files, workers, or what was counted before. Memory is bounded whatever the
// records are; what would need more is refused with pipeline.ErrVaried.
//
// Accounts are taken in ranges. For an account there is a cell: one combination
// of recipient and fields, and a bit for each day on which one record of it was
// sent. A record that finds its cell taken goes to the next layer of cells, and
// what finds all layers taken to a list that is counted by sorting.
package tally

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"exhibit/pipeline"
)

const (
	// accountsAtOnce is how many accounts have a cell at a time, over all
	// workers: 8 bytes a cell and layer.
	accountsAtOnce = 8 << 20
	// fewestAccounts of a range: below it every range reads the same row groups.
	fewestAccounts = 64 << 10
	// mostWorkers count at a time: one writer would not keep up with more.
	mostWorkers = 8
	// variedLimit is how many combinations of day, recipient and fields a month
	// may have: what a worker holds for each takes some hundred bytes.
	variedLimit = 1 << 19
	// layers of cells; one for each record of an account on the same day, or
	// with another combination.
	layers = 4
	// looseLimit is how many records all lists may hold, 16 bytes each.
	looseLimit = 4 << 20
	// allAccounts is one more than the largest account_key.
	allAccounts = 1 << 31
)

// Tally counts months. The zero value is ready.
type Tally struct {
	// Varied is how many combinations of day, recipient and fields a month may
	// have, and terms of contracts those that are added up; 0 is 524,288, and of
	// terms 2,097,152.
	Varied int
	limits limits // zero: the constants above
}

// limits are the constants above, which tests lower.
type limits struct{ accounts, loose, varied int }

var _ pipeline.Tally = (*Tally)(nil)

// Version names the encoding of what is written: this package's, and that of
// the library that encodes.
func (t *Tally) Version() string { return "tally 2, arrow-go " + arrow.PkgVersion }

// Month counts the records of a month, see pipeline.Tally.
func (t *Tally) Month(ctx context.Context, job pipeline.TallyJob) (pipeline.TallyRows, error) {
	rows, err := t.month(ctx, job)
	if err != nil {
		return pipeline.TallyRows{}, fmt.Errorf("tally of %s, %d: %w", job.Source, job.Month, err)
	}
	return rows, nil
}

func (t *Tally) month(ctx context.Context, job pipeline.TallyJob) (rows pipeline.TallyRows, err error) {
	l := t.limits
	if l.accounts == 0 {
		l = limits{accountsAtOnce, looseLimit, variedLimit}
	}
	if t.Varied > 0 {
		l.varied = t.Varied
	}
	m, err := newMonth(job, l)
	if err != nil {
		return rows, err
	}
	if err := m.sent.base(ctx, job.BaseDays); err != nil {
		return rows, err
	}
	if rows.Months, err = m.count(ctx); err != nil {
		return rows, err
	}
	rows.SentDays, err = m.sent.write(job)
	return rows, err
}

// month is a month that is being counted.
type month struct {
	job    pipeline.TallyJob
	limits limits
	days   []source // of records
	base   []source // of account_months
	sent   sentDays
	from   []int64 // the first account of each range, and the end of the last
	next   atomic.Int64
	free   chan []row // chunks that were written
}

func newMonth(job pipeline.TallyJob, l limits) (*month, error) {
	job.Workers = max(1, min(job.Workers, mostWorkers))
	m := &month{job: job, limits: l, sent: sentDays{limit: l.varied}, free: make(chan []row, aheadChunks)}
	accounts := int64(0)
	for _, d := range job.Days {
		if d.Day.Month() != job.Month {
			return nil, fmt.Errorf("%s: is of %s", d.Path, d.Day)
		}
		s, err := inspect(d.Path, dayColumns)
		if err != nil {
			return nil, err
		}
		s.day = d.Day
		m.days, accounts = append(m.days, s), max(accounts, s.accounts())
	}
	for _, path := range job.BaseMonths {
		s, err := inspect(path, monthColumns)
		if err != nil {
			return nil, err
		}
		m.base, accounts = append(m.base, s), max(accounts, s.accounts())
	}
	m.split(accounts)
	return m, nil
}

// split makes a range of accounts for each worker, and more where cells for all
// accounts would take too much memory. The result does not depend on it.
func (m *month) split(accounts int64) {
	workers := int64(m.job.Workers)
	width := min((accounts+workers-1)/workers, int64(m.limits.accounts)/workers)
	width = max(width, min(fewestAccounts, int64(m.limits.accounts)))
	for from := int64(0); from < accounts || from == 0; from += width {
		m.from = append(m.from, from)
	}
	m.from = append(m.from, max(accounts, 1))
}

// aheadChunks is how many chunks of rows, of half a MiB, all ranges together may
// be ahead of the writer.
const aheadChunks = 128

// count counts the ranges, several at a time, and writes their rows in the
// order of the ranges.
func (m *month) count(ctx context.Context) (int64, error) {
	w, err := newMonthWriter(m.job, m.from[len(m.from)-1])
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := make([]chan []row, len(m.from)-1)
	for i := range out {
		out[i] = make(chan []row, aheadChunks/m.job.Workers)
	}
	var wg sync.WaitGroup
	for range min(m.job.Workers, len(out)) {
		wg.Go(func() {
			w := newWorker(m)
			for i := int(m.next.Add(1)) - 1; i < len(out); i = int(m.next.Add(1)) - 1 {
				w.out = out[i]
				if err := w.ranges(ctx, m.from[i], m.from[i+1]); err != nil {
					cancel(err)
				}
				close(out[i])
			}
		})
	}
	for i := 0; i < len(out) && err == nil; i++ {
		for rows := range out[i] {
			if err = w.add(rows); err != nil {
				break
			}
			m.recycle(rows)
		}
		err = errors.Join(err, context.Cause(ctx))
	}
	if err != nil {
		cancel(err)
	}
	wg.Wait()
	if err != nil {
		return 0, errors.Join(err, w.discard())
	}
	return w.close()
}
