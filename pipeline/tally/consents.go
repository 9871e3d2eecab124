package tally

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"sort"

	"github.com/apache/arrow-go/v18/parquet"

	"exhibit/pipeline"
)

// The columns that are read of consents and contracts.
var (
	consentColumns  = []column{dayColumns[0], dayColumns[1], {"third_party", parquet.Types.Int32}, {"overseas", parquet.Types.Int32}}
	contractColumns = []column{dayColumns[1], dayColumns[2], {"days", parquet.Types.Int32}, {"abroad", parquet.Types.Boolean}}
)

// breachMonth is what is read of one source and month.
type breachMonth struct {
	first          pipeline.Day // of the month
	sent, consents []source     // in the order of accounts
	terms          []term       // by recipient
}

// term is a row of contract_days: on these days, contracts with the recipient
// covered these fields.
type term struct {
	recipient int64
	covered   int64
	days      uint32
	abroad    bool
}

// newBreachMonth reads the terms of a month. More than most are too many for
// memory.
func newBreachMonth(ctx context.Context, m pipeline.BreachesMonth, most int) (b breachMonth, err error) {
	if b.first, err = firstDay(m.Month); err != nil {
		return b, err
	}
	if b.sent, err = inOrder(m.Sent, monthColumns); err != nil {
		return b, err
	}
	if b.consents, err = inOrder(m.Consents, consentColumns); err != nil {
		return b, err
	}
	for _, path := range m.Contracts {
		if err := b.readTerms(ctx, path, most); err != nil {
			return b, err
		}
	}
	slices.SortStableFunc(b.terms, func(x, y term) int { return cmp.Compare(x.recipient, y.recipient) })
	return b, nil
}

// inOrder inspects files, and gives those of smaller accounts first.
func inOrder(paths []string, columns []column) ([]source, error) {
	var files []source
	for _, path := range paths {
		s, err := inspect(path, columns)
		if err != nil {
			return nil, err
		}
		if len(s.groups) > 0 {
			files = append(files, s)
		}
	}
	slices.SortStableFunc(files, func(a, b source) int { return cmp.Compare(a.groups[0].from, b.groups[0].from) })
	return files, nil
}

func (m *breachMonth) readTerms(ctx context.Context, path string, most int) error {
	s, err := inspect(path, contractColumns)
	if err != nil {
		return err
	}
	var rows batch
	room := [][]int64{make([]int64, batchRows), make([]int64, batchRows), make([]int64, batchRows)}
	every := func(group) bool { return true }
	return s.read(ctx, &rows, every, func() error {
		if len(m.terms)+rows.rows > most {
			return pipeline.ErrVaried
		}
		if !rows.cols[3].dense {
			return errors.New("column abroad: is NULL somewhere")
		}
		recipients := rows.cols[0].values(rows.rows, room[0])
		cols, err := rows.int64s(contractColumns[:3], room)
		if err != nil {
			return err
		}
		for i, abroad := range rows.cols[3].bools[:rows.rows] {
			m.terms = append(m.terms, term{recipients[i], cols[1][i], uint32(cols[2][i]), abroad})
		}
		return nil
	})
}

// termsOf are the terms of a recipient.
func (m *breachMonth) termsOf(recipient int64) []term {
	from := sort.Search(len(m.terms), func(i int) bool { return m.terms[i].recipient >= recipient })
	to := from
	for to < len(m.terms) && m.terms[to].recipient == recipient {
		to++
	}
	return m.terms[from:to]
}

// order is the place of a row among those of a month: by account, then by
// recipient, that of nobody last.
type order struct {
	account   int32
	recipient int64
}

var noOrder = order{-1, -1}

func (o order) less(p order) bool {
	return o.account < p.account || o.account == p.account && o.recipient < p.recipient
}

// errUnordered: rows of one month do not follow on one another as their SQL
// says.
var errUnordered = errors.New("rows are not in the order of accounts and recipients")

// masks are the days of a month on which a consent was in force.
type masks struct{ thirdParty, overseas uint32 }

// consents gives the rows of consent_days of a month in their order. It holds a
// batch of them, however many there are.
type consents struct {
	more  func() (struct{}, bool) // reads the next batch
	end   func()
	err   error
	batch batch
	cols  [6][]int64
	room  [4][]int64
	i     int   // the next row of the batch
	last  order // the last row of the batches so far
}

// start begins with a month.
func (c *consents) start(ctx context.Context, files []source, wanted func(group) bool) {
	c.batch.rows, c.i, c.last, c.err = 0, 0, noOrder, nil
	if c.room[0] == nil {
		for i := range c.room {
			c.room[i] = make([]int64, batchRows)
		}
	}
	c.more, c.end = iter.Pull(func(yield func(struct{}) bool) {
		for i := range files {
			c.err = files[i].read(ctx, &c.batch, wanted, func() error {
				if err := c.take(); err != nil {
					return err
				}
				if !yield(struct{}{}) {
					return errEnough
				}
				return nil
			})
			if c.err != nil {
				return
			}
		}
	})
}

// errEnough ends the reading of rows that nobody asks for.
var errEnough = errors.New("enough")

func (c *consents) stop() { c.end() }

// take looks at a batch.
func (c *consents) take() (err error) {
	if c.cols, err = c.batch.int64s(consentColumns, c.room[:]); err != nil {
		return err
	}
	for i, key := range c.batch.cols[0].i32[:c.batch.rows] {
		o := order{key, c.cols[1][i]}
		if !c.last.less(o) {
			return errUnordered
		}
		c.last = o
	}
	c.i = 0
	return nil
}

// at gives the consents of an account for a recipient. What is asked for must
// not come before what was asked for last.
func (c *consents) at(o order) (masks, error) {
	for {
		for ; c.i < c.batch.rows; c.i++ {
			row := order{c.batch.cols[0].i32[c.i], c.cols[1][c.i]}
			if row == o {
				return masks{uint32(c.cols[2][c.i]), uint32(c.cols[3][c.i])}, nil
			}
			if o.less(row) {
				return masks{}, nil
			}
		}
		if _, ok := c.more(); !ok {
			c.batch.rows, c.i = 0, 0
			return masks{}, c.err
		}
	}
}
