package tally

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/parquet"

	"exhibit/pipeline"
)

// The columns that are read to add up accounts, account_key first.
var (
	sumColumns   = []column{dayColumns[0], dayColumns[2], {"days", parquet.Types.Int32}, {"records", parquet.Types.Int64}}
	totalColumns = []column{dayColumns[0], {"records", parquet.Types.Int64}, {"items", parquet.Types.Int64}, {"days", parquet.Types.Int32},
		{"first_date", parquet.Types.Int32}, {"last_date", parquet.Types.Int32}}
)

// totalsAtOnce is how many accounts are added up at a time, over all workers:
// 40 bytes each.
const totalsAtOnce = 1 << 19

// total is what was sent on one account so far; no records is none at all.
type total struct {
	records, items int64
	days           int32
	first, last    pipeline.Day
	month          uint32 // the days of the month at hand
}

// totals is a job at work.
type totals struct {
	adders []adder    // one for each worker
	months []sumMonth // in order
	base   []source
	end    int64 // no account is larger
}

type sumMonth struct {
	first pipeline.Day // of the month
	files []source
}

// Totals adds up accounts, see pipeline.Tally.
func (t *Tally) Totals(ctx context.Context, job pipeline.TotalsJob) (int64, error) {
	rows, err := addUp(ctx, job)
	if err != nil {
		return 0, fmt.Errorf("totals of accounts: %w", err)
	}
	return rows, nil
}

func addUp(ctx context.Context, job pipeline.TotalsJob) (rows int64, err error) {
	t, err := newTotals(job)
	if err != nil {
		return 0, err
	}
	w, err := newWriter(job.Out, "account_totals", t.end-job.From)
	if err != nil {
		return 0, err
	}
	out := totalWriter{writer: w}
	files := t.base
	if len(files) == 0 && len(t.months) > 0 {
		files = t.months[0].files
	}
	for left := parts(files, job.From, t.end, widthOf(t.end-job.From, totalsAtOnce, len(t.adders))); len(left) > 1; {
		some := left[:min(len(t.adders)+1, len(left))]
		left = left[len(some)-1:]
		err := t.add(ctx, some)
		for i := 0; i < len(some)-1 && err == nil; i++ {
			err = out.add(some[i], t.adders[i].accounts)
		}
		if err != nil {
			return 0, errors.Join(err, w.discard())
		}
	}
	return out.close()
}

func newTotals(job pipeline.TotalsJob) (*totals, error) {
	t := &totals{adders: make([]adder, max(1, min(job.Workers, mostWorkers)))}
	end := int64(0)
	for _, m := range job.Months {
		first, err := firstDay(m.Month)
		if err != nil {
			return nil, err
		}
		month := sumMonth{first: first}
		for _, path := range m.Paths {
			s, err := inspect(path, sumColumns)
			if err != nil {
				return nil, err
			}
			month.files, end = append(month.files, s), max(end, s.accounts())
		}
		t.months = append(t.months, month)
	}
	slices.SortFunc(t.months, func(a, b sumMonth) int { return cmp.Compare(a.first, b.first) })
	for _, path := range job.Base {
		s, err := inspect(path, totalColumns)
		if err != nil {
			return nil, err
		}
		t.base, end = append(t.base, s), max(end, s.accounts())
	}
	t.end = min(end, job.To)
	return t, nil
}

// firstDay is the first day of a month, as yyyymm.
func firstDay(month int) (pipeline.Day, error) {
	d, err := pipeline.ParseDay(fmt.Sprintf("%04d-%02d-01", month/100, month%100))
	if err != nil {
		return 0, fmt.Errorf("month %d: %w", month, err)
	}
	return d, nil
}

// add adds up parts of the accounts, each by one worker.
func (t *totals) add(ctx context.Context, parts []int64) error {
	errs := make([]error, len(parts)-1)
	var wg sync.WaitGroup
	for i := range errs {
		t.adders[i].start(parts[i], parts[i+1])
		wg.Go(func() { errs[i] = t.adders[i].addAll(ctx, t) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// start begins with a range of accounts.
func (a *adder) start(from, to int64) {
	if a.room[0] == nil {
		for i := range a.room {
			a.room[i] = make([]int64, batchRows)
		}
	}
	if n := int(to - from); cap(a.accounts) < n {
		a.accounts = make([]total, n)
	} else {
		a.accounts = a.accounts[:n]
		clear(a.accounts)
	}
	a.from = from
}

func (a *adder) addAll(ctx context.Context, t *totals) error {
	to := a.from + int64(len(a.accounts))
	wanted := func(g group) bool { return g.from < to && a.from < g.to }
	for i := range t.base {
		if err := t.base[i].read(ctx, &a.base, wanted, a.addTotals); err != nil {
			return err
		}
	}
	for _, m := range t.months {
		for i := range m.files {
			if err := m.files[i].read(ctx, &a.batch, wanted, a.addMonth); err != nil {
				return err
			}
		}
		a.settle(m.first)
	}
	return nil
}

// adder adds what it reads to a range of accounts.
type adder struct {
	from     int64
	accounts []total
	batch    batch // of account_months
	base     batch // of account_totals
	room     [6][]int64
}

// at is the account of a key, nil where it is of another range.
func (a *adder) at(key int32) (*total, error) {
	if key < 0 {
		return nil, errNegative
	}
	if i := int64(key) - a.from; i >= 0 && i < int64(len(a.accounts)) {
		return &a.accounts[i], nil
	}
	return nil, nil
}

// errTooMany: more records, or items, than a BIGINT can count.
var errTooMany = errors.New("more records of an account than can be counted")

// addMonth adds rows of account_months of one month.
func (a *adder) addMonth() error {
	cols, err := a.batch.int64s(sumColumns, a.room[:])
	if err != nil {
		return err
	}
	fields, days, records := cols[1], cols[2], cols[3]
	for i, key := range a.batch.cols[0].i32[:a.batch.rows] {
		t, err := a.at(key)
		n := records[i]
		if err != nil {
			return err
		}
		if t == nil || n <= 0 {
			continue
		}
		if n > math.MaxInt64/64 {
			return errTooMany
		}
		t.records += n
		t.items += n * int64(bits.OnesCount64(uint64(fields[i])))
		if t.records < 0 || t.items < 0 {
			return errTooMany
		}
		t.month |= uint32(days[i])
	}
	return nil
}

// settle closes a month: its days are counted once, however many rows they
// stood in.
func (a *adder) settle(first pipeline.Day) {
	for i := range a.accounts {
		t := &a.accounts[i]
		if t.month == 0 {
			continue
		}
		from := first + pipeline.Day(bits.TrailingZeros32(t.month))
		to := first + pipeline.Day(bits.Len32(t.month)-1)
		t.span(from, to)
		t.days += int32(bits.OnesCount32(t.month))
		t.month = 0
	}
}

// span widens the days from first to last. No days yet is no span.
func (t *total) span(first, last pipeline.Day) {
	if t.days == 0 {
		t.first, t.last = first, last
		return
	}
	t.first, t.last = min(t.first, first), max(t.last, last)
}

// addTotals adds rows of account_totals over other months.
func (a *adder) addTotals() error {
	cols, err := a.base.int64s(totalColumns, a.room[:])
	if err != nil {
		return err
	}
	for i, key := range a.base.cols[0].i32[:a.base.rows] {
		t, err := a.at(key)
		if err != nil {
			return err
		}
		if t == nil {
			continue
		}
		t.span(pipeline.Day(cols[4][i]), pipeline.Day(cols[5][i]))
		t.records += cols[1][i]
		t.items += cols[2][i]
		t.days += int32(cols[3][i])
		if t.records < 0 || t.items < 0 {
			return errTooMany
		}
	}
	return nil
}

// totalWriter writes the rows of account_totals.
type totalWriter struct {
	*writer
	n int // rows of the row group in the making
}

// add takes accounts in the order of their keys.
func (w *totalWriter) add(from int64, accounts []total) error {
	for i := range accounts {
		t := &accounts[i]
		if t.records == 0 {
			continue
		}
		if t.days == 0 {
			return errors.New("account_months: records of an account, and no day of them")
		}
		w.cols[0].i32 = append(w.cols[0].i32, int32(from+int64(i)))
		w.cols[1].i64 = append(w.cols[1].i64, t.records)
		w.cols[2].i64 = append(w.cols[2].i64, t.items)
		w.cols[3].i32 = append(w.cols[3].i32, t.days)
		w.cols[4].i32 = append(w.cols[4].i32, int32(t.first))
		w.cols[5].i32 = append(w.cols[5].i32, int32(t.last))
		if w.n++; w.n == groupRows {
			if err := w.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

// end writes the row group in the making.
func (w *totalWriter) end() error {
	n := w.n
	w.n = 0
	return w.flush(n)
}

func (w *totalWriter) close() (int64, error) {
	if w.n > 0 {
		if err := w.end(); err != nil {
			return 0, errors.Join(err, w.discard())
		}
	}
	return w.writer.close()
}
