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

// Flows adds up what was sent on accounts, see pipeline.Tally.
func (t *Tally) Flows(ctx context.Context, job pipeline.FlowsJob) (int64, error) {
	l := t.limits
	if l.accounts == 0 {
		l = limits{loose: looseLimit, varied: variedLimit}
	}
	if t.Varied > 0 {
		l.varied = t.Varied
	}
	rows, err := addFlows(ctx, job, l)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", job.Table, err)
	}
	return rows, nil
}

// The columns that are read, account_key first, source last.
var (
	sentMonthColumns = append(monthColumns[:5:5], column{"records", parquet.Types.Int64})
	flowColumns      = []column{dayColumns[0], dayColumns[1], dayColumns[2], {"records", parquet.Types.Int64}, {"source", parquet.Types.ByteArray}}
	unneededColumns  = []column{dayColumns[0], dayColumns[2], {"records", parquet.Types.Int64}, {"source", parquet.Types.ByteArray}}
)

// flow is what records of an account are added up by.
type flow struct {
	source    string
	recipient int64 // 0 where the table has none
	fields    int64
}

func compareFlows(a, b flow) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.recipient, b.recipient), cmp.Compare(a.fields, b.fields))
}

// flows is a job at work.
type flows struct {
	job    pipeline.FlowsJob
	limits limits
	months []flowMonth
	base   []source
	end    int64 // no account is larger
}

type flowMonth struct {
	source   string
	file     source
	unneeded []pipeline.UnneededDays // of the source and month
}

func addFlows(ctx context.Context, job pipeline.FlowsJob, l limits) (rows int64, err error) {
	f, err := newFlows(job, l)
	if err != nil {
		return 0, err
	}
	w, err := newWriter(job.Out, job.Table, f.end-job.From)
	if err != nil {
		return 0, err
	}
	out := &flowWriter{writer: w}
	files := f.base
	if len(files) == 0 && len(f.months) > 0 {
		files = []source{f.months[0].file}
	}
	for from, width := job.From, widthOf(f.end-job.From, totalsAtOnce, f.job.Workers); from < f.end; {
		some := parts(files, from, min(f.end, from+width*int64(f.job.Workers)), width)
		some = some[:min(f.job.Workers+1, len(some))]
		adders, err := f.add(ctx, some)
		if errors.Is(err, errCrowded) {
			if width == 1 {
				err = pipeline.ErrVaried
			} else {
				width = (width + 1) / 2
				continue
			}
		}
		for i := 0; i < len(adders) && err == nil; i++ {
			err = adders[i].rows(out)
		}
		if err != nil {
			return 0, errors.Join(err, w.discard())
		}
		from = some[len(some)-1]
	}
	return out.close()
}

func newFlows(job pipeline.FlowsJob, l limits) (*flows, error) {
	job.Workers = max(1, min(job.Workers, mostWorkers))
	f := &flows{job: job, limits: l}
	end := int64(0)
	for _, m := range job.Months {
		s, err := inspect(m.Path, sentMonthColumns)
		if err != nil {
			return nil, err
		}
		month := flowMonth{source: m.Source, file: s}
		for _, u := range job.Unneeded {
			if u.Source == m.Source && u.Month == m.Month {
				month.unneeded = append(month.unneeded, u)
			}
		}
		if job.Table == unneededTable && len(month.unneeded) == 0 {
			continue
		}
		f.months, end = append(f.months, month), max(end, s.accounts())
	}
	columns := flowColumns
	if job.Table == unneededTable {
		columns = unneededColumns
	}
	for _, path := range job.Base {
		s, err := inspect(path, columns)
		if err != nil {
			return nil, err
		}
		f.base, end = append(f.base, s), max(end, s.accounts())
	}
	f.end = min(end, job.To)
	return f, nil
}

// unneededTable is the one of the two that has no recipient.
const unneededTable = "account_unneeded"

// add adds up parts of the accounts, each by one worker.
func (f *flows) add(ctx context.Context, parts []int64) ([]*flowAdder, error) {
	adders, errs := make([]*flowAdder, len(parts)-1), make([]error, len(parts)-1)
	var wg sync.WaitGroup
	for i := range adders {
		from, to := parts[i], parts[i+1]
		adders[i] = &flowAdder{flows: f, from: from, cells: make([]flowCell, to-from), ids: map[flow]uint32{},
			limit: f.limits.loose / f.job.Workers}
		wg.Go(func() { errs[i] = adders[i].addAll(ctx, to) })
	}
	wg.Wait()
	return adders, errors.Join(errs...)
}

// flowAdder adds what it reads to a range of accounts. Most accounts have one
// flow; what is more goes to a list.
type flowAdder struct {
	*flows
	from  int64
	cells []flowCell
	more  []moreFlow
	limit int // of more
	list  []flow
	ids   map[flow]uint32
	last  flow // of which lastID is the id, where list is not empty
	id    uint32
	month batch
	base  batch
	room  [6][]int64
}

// flowCell is the first flow of an account; id is one more than its number, 0
// where there is none.
type flowCell struct {
	records int64
	id      uint32
}

type moreFlow struct {
	account, id uint32
	records     int64
}

func (a *flowAdder) addAll(ctx context.Context, to int64) error {
	for i := range a.room {
		a.room[i] = make([]int64, batchRows)
	}
	wanted := func(g group) bool { return g.from < to && a.from < g.to }
	for i := range a.flows.base {
		if err := a.flows.base[i].read(ctx, &a.base, wanted, a.addBase); err != nil {
			return err
		}
	}
	for i := range a.months {
		m := &a.months[i]
		if err := m.file.read(ctx, &a.month, wanted, func() error { return a.addMonth(m) }); err != nil {
			return err
		}
	}
	return a.compact()
}

// addMonth adds rows of account_months.
func (a *flowAdder) addMonth(m *flowMonth) error {
	cols, err := a.month.int64s(sentMonthColumns, a.room[:])
	if err != nil {
		return err
	}
	recipients, fields, perDay, days, records := cols[1], cols[2], cols[3], cols[4], cols[5]
	for i, key := range a.month.cols[0].i32[:a.month.rows] {
		switch {
		case records[i] <= 0:
		case a.job.Table != unneededTable:
			err = a.put(key, flow{m.source, recipients[i], fields[i]}, records[i])
		default:
			for _, u := range m.unneeded {
				if f, d := fields[i]&u.Fields, days[i]&u.Days; f != 0 && d != 0 {
					err = errors.Join(err, a.put(key, flow{m.source, 0, f}, perDay[i]*int64(bits.OnesCount64(uint64(d)))))
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addBase adds rows of the same table over other months.
func (a *flowAdder) addBase() error {
	columns, at := flowColumns, 1
	if a.job.Table == unneededTable {
		columns, at = unneededColumns, 0
	}
	cols, err := a.base.int64s(columns[:len(columns)-1], a.room[:])
	if err != nil {
		return err
	}
	text := &a.base.cols[len(columns)-1]
	if !text.dense {
		return errors.New("column source: is NULL somewhere")
	}
	for i, key := range a.base.cols[0].i32[:a.base.rows] {
		f := flow{a.last.source, 0, cols[at+1][i]}
		if s := text.texts[i]; string(s) != f.source {
			f.source = string(s)
		}
		if at == 1 {
			f.recipient = cols[1][i]
		}
		if err := a.put(key, f, cols[at+2][i]); err != nil {
			return err
		}
	}
	return nil
}

// put adds records to a flow of an account, if it is in the range.
func (a *flowAdder) put(key int32, f flow, records int64) error {
	if key < 0 {
		return errNegative
	}
	account := int64(key) - a.from
	if account < 0 || account >= int64(len(a.cells)) {
		return nil
	}
	if f != a.last || len(a.list) == 0 {
		id, ok := a.ids[f]
		if !ok {
			if len(a.list) == a.limits.varied {
				return pipeline.ErrVaried
			}
			id = uint32(len(a.list))
			a.ids[f], a.list = id, append(a.list, f)
		}
		a.last, a.id = f, id
	}
	switch c := &a.cells[account]; c.id {
	case 0:
		*c = flowCell{records, a.id + 1}
	case a.id + 1:
		if c.records > math.MaxInt64-records {
			return errTooMany
		}
		c.records += records
	default:
		a.more = append(a.more, moreFlow{uint32(account), a.id, records})
		if len(a.more) >= a.limit {
			return a.crowd()
		}
	}
	return nil
}

// crowd makes room in the list.
func (a *flowAdder) crowd() error {
	if err := a.compact(); err != nil {
		return err
	}
	if len(a.more) > a.limit/2 {
		return errCrowded
	}
	return nil
}

// compact sorts the list by account and number, and adds up what is alike.
func (a *flowAdder) compact() error {
	slices.SortFunc(a.more, func(x, y moreFlow) int { return cmp.Or(cmp.Compare(x.account, y.account), cmp.Compare(x.id, y.id)) })
	kept := a.more[:0]
	for _, m := range a.more {
		if n := len(kept) - 1; n >= 0 && kept[n].account == m.account && kept[n].id == m.id {
			if kept[n].records > math.MaxInt64-m.records {
				return errTooMany
			}
			kept[n].records += m.records
			continue
		}
		kept = append(kept, m)
	}
	a.more = kept
	return nil
}

// rows writes the rows, by account and in the order of their flows.
func (a *flowAdder) rows(w *flowWriter) error {
	order := make([]uint32, len(a.list)) // number → place among all
	ids := make([]uint32, len(a.list))
	for i := range ids {
		ids[i] = uint32(i)
	}
	slices.SortFunc(ids, func(x, y uint32) int { return compareFlows(a.list[x], a.list[y]) })
	for place, id := range ids {
		order[id] = uint32(place)
	}
	more := a.more
	var own []moreFlow
	for i := range a.cells {
		c := &a.cells[i]
		if c.id == 0 {
			continue
		}
		own = append(own[:0], moreFlow{uint32(i), c.id - 1, c.records})
		for len(more) > 0 && more[0].account == uint32(i) {
			own, more = append(own, more[0]), more[1:]
		}
		if len(own) > 1 {
			slices.SortFunc(own, func(x, y moreFlow) int { return cmp.Compare(order[x.id], order[y.id]) })
		}
		for _, m := range own {
			if err := w.add(int32(a.from+int64(i)), &a.list[m.id], m.records); err != nil {
				return err
			}
		}
	}
	return nil
}

// flowWriter writes the rows of account_flows or account_unneeded.
type flowWriter struct {
	*writer
	n     int  // rows of the row group in the making
	mixed bool // of several sources
}

func (w *flowWriter) add(account int32, f *flow, records int64) error {
	source := &w.cols[1]
	w.cols[0].i32 = append(w.cols[0].i32, account)
	w.mixed = w.mixed || w.n > 0 && source.same != f.source
	source.same = f.source
	source.texts = append(source.texts, parquet.ByteArray(f.source))
	at := 2
	if len(w.cols) == len(flowColumns) {
		w.cols[2].nullable(f.recipient)
		at = 3
	}
	w.cols[at].i64 = append(w.cols[at].i64, f.fields)
	w.cols[at+1].i64 = append(w.cols[at+1].i64, records)
	if w.n++; w.n == groupRows {
		return w.end()
	}
	return nil
}

// end writes the row group in the making.
func (w *flowWriter) end() error {
	source := &w.cols[1]
	source.n = w.n
	if !w.mixed {
		source.texts = source.texts[:0]
	}
	n := w.n
	w.n, w.mixed = 0, false
	return w.flush(n)
}

func (w *flowWriter) close() (int64, error) {
	if w.n > 0 {
		if err := w.end(); err != nil {
			return 0, errors.Join(err, w.discard())
		}
	}
	return w.writer.close()
}
