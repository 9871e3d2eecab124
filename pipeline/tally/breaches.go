package tally

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sync"

	"github.com/apache/arrow-go/v18/parquet"

	"exhibit/pipeline"
)

// Breaches adds up what was sent on accounts without consent, see
// pipeline.Tally.
func (t *Tally) Breaches(ctx context.Context, job pipeline.BreachesJob) (int64, error) {
	l := t.limits
	if l.accounts == 0 {
		l = limits{accounts: breachesAtOnce, varied: termLimit}
	}
	if t.Varied > 0 {
		l.varied = t.Varied
	}
	rows, err := addBreaches(ctx, job, l)
	if err != nil {
		return 0, fmt.Errorf("account_breaches: %w", err)
	}
	return rows, nil
}

// breachesAtOnce is how many accounts are added up at a time, over all workers:
// 96 bytes each. termLimit is how many terms of contracts all months may have,
// 32 bytes each.
const (
	breachesAtOnce = 1 << 18
	termLimit      = 2 << 20
)

// breachColumns are the columns of account_breaches.
var breachColumns = []column{dayColumns[0],
	{"third_party_records", parquet.Types.Int64}, {"third_party_items", parquet.Types.Int64},
	{"third_party_first", parquet.Types.Int32}, {"third_party_last", parquet.Types.Int32},
	{"overseas_records", parquet.Types.Int64}, {"overseas_items", parquet.Types.Int64},
	{"overseas_first", parquet.Types.Int32}, {"overseas_last", parquet.Types.Int32},
	{"filled_records", parquet.Types.Int64}, {"filled_first", parquet.Types.Int32}, {"filled_last", parquet.Types.Int32},
	{"uncovered_records", parquet.Types.Int64}, {"uncovered_items", parquet.Types.Int64},
	{"uncovered_first", parquet.Types.Int32}, {"uncovered_last", parquet.Types.Int32}}

// The first column of each kind.
const (
	thirdPartyAt = 1
	overseasAt   = 5
	filledAt     = 9
	uncoveredAt  = 12
)

// breach is what was sent on an account while something was lacking. The items
// of filled are those of thirdParty.
type breach struct{ thirdParty, overseas, filled, uncovered lacking }

// kinds are the kinds of a breach in the order of their columns.
func (b *breach) kinds() [4]*lacking {
	return [4]*lacking{&b.thirdParty, &b.overseas, &b.filled, &b.uncovered}
}

// lacking is one kind of a breach; no records is none at all.
type lacking struct {
	records, items int64
	first, last    pipeline.Day
}

func (l *lacking) add(o lacking) error {
	switch {
	case o.records == 0:
		return nil
	case l.records == 0:
		*l = o
		return nil
	}
	if l.records > math.MaxInt64-o.records || l.items > math.MaxInt64-o.items {
		return errTooMany
	}
	l.records += o.records
	l.items += o.items
	l.first, l.last = min(l.first, o.first), max(l.last, o.last)
	return nil
}

// breaches is a job at work.
type breaches struct {
	adders []breachAdder // one for each worker
	months []breachMonth
	base   []source
	end    int64 // no account is larger
}

func addBreaches(ctx context.Context, job pipeline.BreachesJob, l limits) (rows int64, err error) {
	b, err := newBreaches(ctx, job, l)
	if err != nil {
		return 0, err
	}
	w, err := newWriter(job.Out, "account_breaches", b.end-job.From)
	if err != nil {
		return 0, err
	}
	out := breachWriter{writer: w}
	files := b.base
	if len(files) == 0 && len(b.months) > 0 {
		files = b.months[0].sent
	}
	for left := parts(files, job.From, b.end, int64(l.accounts)/int64(len(b.adders))); len(left) > 1; {
		some := left[:min(len(b.adders)+1, len(left))]
		left = left[len(some)-1:]
		err := b.add(ctx, some)
		for i := 0; i < len(some)-1 && err == nil; i++ {
			err = out.add(some[i], b.adders[i].accounts)
		}
		if err != nil {
			return 0, errors.Join(err, w.discard())
		}
	}
	return out.close()
}

func newBreaches(ctx context.Context, job pipeline.BreachesJob, l limits) (*breaches, error) {
	b := &breaches{adders: make([]breachAdder, max(1, min(job.Workers, mostWorkers)))}
	end, terms := int64(0), 0
	for _, m := range job.Months {
		month, err := newBreachMonth(ctx, m, l.varied-terms)
		if err != nil {
			return nil, err
		}
		terms += len(month.terms)
		for i := range month.sent {
			end = max(end, month.sent[i].accounts())
		}
		b.months = append(b.months, month)
	}
	for _, path := range job.Base {
		s, err := inspect(path, breachColumns)
		if err != nil {
			return nil, err
		}
		b.base, end = append(b.base, s), max(end, s.accounts())
	}
	b.end = min(end, job.To)
	return b, nil
}

// add adds up parts of the accounts, each by one worker.
func (b *breaches) add(ctx context.Context, parts []int64) error {
	errs := make([]error, len(parts)-1)
	var wg sync.WaitGroup
	for i := range errs {
		b.adders[i].start(parts[i], parts[i+1])
		wg.Go(func() { errs[i] = b.adders[i].addAll(ctx, b) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// breachAdder adds what it reads to a range of accounts.
type breachAdder struct {
	from     int64
	accounts []breach
	sent     batch // of account_months
	base     batch // of account_breaches
	room     [][]int64
	consents consents
	last     order // the last row of account_months
}

// start begins with a range of accounts.
func (a *breachAdder) start(from, to int64) {
	for len(a.room) < len(breachColumns) {
		a.room = append(a.room, make([]int64, batchRows))
	}
	if n := int(to - from); cap(a.accounts) < n {
		a.accounts = make([]breach, n)
	} else {
		a.accounts = a.accounts[:n]
		clear(a.accounts)
	}
	a.from = from
}

func (a *breachAdder) addAll(ctx context.Context, b *breaches) error {
	to := a.from + int64(len(a.accounts))
	wanted := func(g group) bool { return g.from < to && a.from < g.to }
	for i := range b.base {
		if err := b.base[i].read(ctx, &a.base, wanted, a.addBase); err != nil {
			return err
		}
	}
	for i := range b.months {
		if err := a.addMonth(ctx, &b.months[i], wanted); err != nil {
			return err
		}
	}
	return nil
}

// addBase adds rows of account_breaches over other months.
func (a *breachAdder) addBase() error {
	var cols [16][]int64
	for i := range breachColumns {
		cols[i] = a.base.cols[i].values(a.base.rows, a.room[i])
	}
	for kind, at := range [...]int{thirdPartyAt, overseasAt, filledAt, uncoveredAt} {
		records, items, first, last := cols[at], cols[at+1], cols[at+2], cols[at+3]
		if at == filledAt {
			items, first, last = nil, cols[at+1], cols[at+2]
		}
		for i, n := range records {
			if n == 0 {
				continue
			}
			c, err := a.at(cols[0][i])
			if err != nil {
				return err
			}
			if c == nil {
				continue
			}
			o := lacking{records: n, first: pipeline.Day(first[i]), last: pipeline.Day(last[i])}
			if items != nil {
				o.items = items[i]
			}
			if n < 0 || n == nobody || o.items < 0 || o.items == nobody || first[i] == nobody || last[i] == nobody {
				return errors.New("a count or a day of a row is missing")
			}
			if err := c.kinds()[kind].add(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// at is what is added up of an account, nil where it is of another range.
func (a *breachAdder) at(key int64) (*breach, error) {
	if key < 0 || key >= allAccounts {
		return nil, errNegative
	}
	if i := key - a.from; i >= 0 && i < int64(len(a.accounts)) {
		return &a.accounts[i], nil
	}
	return nil, nil
}

// addMonth adds the rows of a month.
func (a *breachAdder) addMonth(ctx context.Context, m *breachMonth, wanted func(group) bool) error {
	if len(m.terms) == 0 {
		return nil
	}
	if len(m.consents) > 0 {
		a.last = noOrder
		a.consents.start(ctx, m.consents, wanted)
		defer a.consents.stop()
	}
	for i := range m.sent {
		if err := m.sent[i].read(ctx, &a.sent, wanted, func() error { return a.addSent(m) }); err != nil {
			return err
		}
	}
	return nil
}

// addSent adds rows of account_months.
func (a *breachAdder) addSent(m *breachMonth) error {
	cols, err := a.sent.int64s(monthColumns, a.room)
	if err != nil {
		return err
	}
	recipients, fields, perDay, days := cols[1], cols[2], cols[3], cols[4]
	var terms []term
	known := int64(-1) // the recipient of terms; none is negative
	for i, key := range a.sent.cols[0].i32[:a.sent.rows] {
		c, err := a.at(int64(key))
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		at := order{key, recipients[i]}
		if recipients[i] != known {
			known, terms = recipients[i], m.termsOf(recipients[i])
		}
		var consent masks
		if len(m.consents) > 0 {
			if at.less(a.last) {
				return errUnordered
			}
			a.last = at
			if consent, err = a.consents.at(at); err != nil {
				return err
			}
		}
		if perDay[i] > math.MaxInt64>>11 { // 31 days, 63 fields
			return errTooMany
		}
		for j := range terms {
			if err := c.sent(m.first, &terms[j], consent, fields[i], perDay[i], uint32(days[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

// sent adds what was sent on the days of a term.
func (b *breach) sent(first pipeline.Day, t *term, consent masks, fields, perDay int64, days uint32) error {
	if perDay <= 0 {
		return nil
	}
	days &= t.days
	items := int64(bits.OnesCount64(uint64(fields)))
	if t.abroad {
		if err := b.overseas.add(lackingOn(days&^consent.overseas, first, perDay, items)); err != nil {
			return err
		}
	}
	l := lackingOn(days&^consent.thirdParty, first, perDay, items)
	if l.records == 0 {
		return nil
	}
	err := b.thirdParty.add(l)
	if items > 0 && err == nil {
		err = b.filled.add(lacking{l.records, 0, l.first, l.last})
	}
	if n := int64(bits.OnesCount64(uint64(fields &^ t.covered))); n > 0 && err == nil {
		err = b.uncovered.add(lacking{l.records, l.records * n, l.first, l.last})
	}
	return err
}

// lackingOn is what was sent on some days of a month.
func lackingOn(days uint32, first pipeline.Day, perDay, items int64) lacking {
	if days == 0 {
		return lacking{}
	}
	n := perDay * int64(bits.OnesCount32(days))
	return lacking{n, n * items, first + pipeline.Day(bits.TrailingZeros32(days)), first + pipeline.Day(bits.Len32(days)-1)}
}
