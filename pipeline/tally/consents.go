package tally

import (
	"cmp"
	"context"
	"errors"
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

// errUnordered: rows do not follow on one another as their SQL says.
var errUnordered = errors.New("rows are not in the order of accounts")

// masks are the days of a month on which a consent was in force.
type masks struct{ thirdParty, overseas uint32 }

// consents gives the rows of consent_days of a month in their order.
type consents struct {
	steps
	last order // of the batches so far
}

// start begins with a month.
func (c *consents) start(ctx context.Context, files []source, wanted func(group) bool) {
	c.last = noOrder
	c.steps.start(ctx, files, wanted, c.check, dayColumns[1])
}

func (c *consents) check() error {
	for i := range c.batch.rows {
		o := c.order(i)
		if !c.last.less(o) {
			return errUnordered
		}
		c.last = o
	}
	return nil
}

func (c *consents) order(i int) order { return order{int32(c.cols[0][i]), c.cols[1][i]} }

// at gives the consents of an account for a recipient. What is asked for must
// not come before what was asked for last.
func (c *consents) at(o order) (masks, error) {
	for ; c.row(); c.i++ {
		row := c.order(c.i)
		if row == o {
			return masks{uint32(c.cols[2][c.i]), uint32(c.cols[3][c.i])}, nil
		}
		if o.less(row) {
			return masks{}, nil
		}
	}
	return masks{}, c.err
}
