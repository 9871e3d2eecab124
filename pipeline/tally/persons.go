package tally

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"

	"exhibit/pipeline"
)

// The columns that are read of each table that tells of persons, account_key
// first.
var (
	accountColumn      = dayColumns[:1:1]
	sharedTotalColumns = []column{dayColumns[0], {"person_key", parquet.Types.Int32}, totalColumns[1], totalColumns[2], totalColumns[3],
		totalColumns[4], totalColumns[5], {"accounts", parquet.Types.Int32}}
)

// Persons puts accounts and persons together, see pipeline.Tally.
func (t *Tally) Persons(ctx context.Context, job pipeline.PersonsJob) (int64, error) {
	rows, err := addPersons(ctx, job)
	if err != nil {
		return 0, fmt.Errorf("totals of persons: %w", err)
	}
	return rows, nil
}

// persons are a job at work: four lists in the order of accounts.
type persons struct {
	totals, sharedTotals sortedSteps
	shared, holders      sortedSteps // accounts, each of them once or several times
	to                   int64       // no account is as large
	out                  personWriter
}

func addPersons(ctx context.Context, job pipeline.PersonsJob) (_ int64, err error) {
	p := &persons{to: job.To}
	for _, of := range []struct {
		list    *sortedSteps
		paths   []string
		columns []column
	}{
		{&p.totals, job.Totals, totalColumns}, {&p.sharedTotals, job.SharedTotals, sharedTotalColumns},
		{&p.shared, job.Shared, accountColumn}, {&p.holders, job.Holders, accountColumn},
	} {
		files, err := inOrder(of.paths, of.columns)
		if err != nil {
			return 0, err
		}
		of.list.begin(ctx, files, job.From, job.To)
		defer of.list.stop()
	}
	w, err := newWriter(job.Out, "person_totals", p.to-job.From)
	if err != nil {
		return 0, err
	}
	p.out.writer = w
	if err := p.add(); err != nil {
		return 0, errors.Join(err, w.discard())
	}
	return p.out.close()
}

// add writes every person: an account that is not shared is its person's only
// one, and has the same key; all others stand in sharedTotals.
func (p *persons) add() error {
	for {
		account, other := p.totals.account(), p.sharedTotals.account()
		if account >= p.to && other >= p.to {
			return errors.Join(p.totals.err, p.sharedTotals.err, p.shared.err, p.holders.err)
		}
		if other < account {
			c, i := p.sharedTotals.cols, p.sharedTotals.i
			if err := p.out.person([7]int64{c[1][i], c[2][i], c[3][i], c[4][i], c[5][i], c[6][i], c[7][i]}, p.holders.has(other)); err != nil {
				return err
			}
			p.sharedTotals.i++
			continue
		}
		if !p.shared.has(account) {
			c, i := p.totals.cols, p.totals.i
			if err := p.out.person([7]int64{account, c[1][i], c[2][i], c[3][i], c[4][i], c[5][i], 1}, p.holders.has(account)); err != nil {
				return err
			}
		}
		p.totals.i++
	}
}

// sortedSteps are rows in the order of accounts, of those in a range.
type sortedSteps struct {
	steps
	from, to int64
	last     int64 // account of the batches so far
}

func (s *sortedSteps) begin(ctx context.Context, files []source, from, to int64) {
	s.from, s.to, s.last = from, to, 0
	s.start(ctx, files, func(g group) bool { return g.from < to && from < g.to }, s.check)
}

func (s *sortedSteps) check() error {
	for _, account := range s.cols[0][:s.batch.rows] {
		if account < s.last {
			return errUnordered
		}
		s.last = account
	}
	return nil
}

// account is that of the row at hand, and the end of the range where there is
// none any more.
func (s *sortedSteps) account() int64 {
	for ; s.row(); s.i++ {
		if account := s.cols[0][s.i]; account >= s.from {
			return min(account, s.to)
		}
	}
	return s.to
}

// has says whether some row has the account. What is asked for must not come
// before what was asked for last.
func (s *sortedSteps) has(account int64) bool {
	for s.account() < account {
		s.i++
	}
	return s.account() == account
}

// personWriter writes the rows of person_totals.
type personWriter struct {
	*writer
	n int // rows of the row group in the making
}

// person takes the columns up to accounts, and known.
func (w *personWriter) person(row [7]int64, known bool) error {
	for i, v := range row {
		switch i {
		case 1, 2: // records, items
			w.cols[i].i64 = append(w.cols[i].i64, v)
		default:
			w.cols[i].i32 = append(w.cols[i].i32, int32(v))
		}
	}
	w.cols[len(row)].bools = append(w.cols[len(row)].bools, known)
	if w.n++; w.n < groupRows {
		return nil
	}
	return w.end()
}

// end writes the row group in the making.
func (w *personWriter) end() error {
	n := w.n
	w.n = 0
	return w.flush(n)
}

func (w *personWriter) close() (int64, error) {
	if w.n > 0 {
		if err := w.end(); err != nil {
			return 0, errors.Join(err, w.discard())
		}
	}
	return w.writer.close()
}
