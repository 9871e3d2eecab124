package tally

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
	gocmp "github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// sentMonth is a made-up month of one source: rows of account_months,
// consent_days and contract_days, in the order of their columns.
type sentMonth struct {
	month                     int
	sent, consents, contracts [][]int64
}

// newSentMonth makes up a month of some accounts: most rows are of one
// recipient, some accounts have several, and some records name none.
func newSentMonth(rng *rand.Rand, month, accounts int) sentMonth {
	m := sentMonth{month: month}
	for _, r := range []int64{0, 1, 2, nobody} {
		left, abroad := int64(1<<29-1), int64(rng.IntN(2))
		for range rng.IntN(3) {
			days := left & rng.Int64()
			left &^= days
			m.contracts = append(m.contracts, []int64{r, rng.Int64N(8), days, abroad})
		}
		m.contracts = append(m.contracts, []int64{r, 0, left, abroad})
	}
	for a := range int64(accounts) {
		recipients := []int64{0}
		if rng.IntN(4) == 0 {
			recipients = [][]int64{{1, 2, nobody}, {0, nobody}, {2}, nil}[rng.IntN(4)]
		}
		for _, r := range recipients {
			for f := range int64(1 + rng.IntN(2)) {
				m.sent = append(m.sent, []int64{a * 3, r, f * rng.Int64N(8), 1 + rng.Int64N(3), 1 + rng.Int64N(1<<29-1)})
			}
			if rng.IntN(3) > 0 {
				m.consents = append(m.consents, []int64{a * 3, r, rng.Int64N(1 << 31), rng.Int64N(1<<31) * rng.Int64N(2)})
			}
		}
	}
	return m
}

// write writes the month, the consents in two files.
func (m sentMonth) write(t *testing.T, group int) pipeline.BreachesMonth {
	t.Helper()
	dir := t.TempDir()
	half := (len(m.consents) + 1) / 2
	writeRows(t, dir+"/sent", monthColumns, m.sent, group)
	writeRows(t, dir+"/consents-0", consentColumns, m.consents[:half], group)
	writeRows(t, dir+"/consents-1", consentColumns, m.consents[half:], group)
	writeRows(t, dir+"/contracts", contractColumns, m.contracts, group)
	return pipeline.BreachesMonth{Source: "sent", Month: m.month, Sent: []string{dir + "/sent"},
		Consents: []string{dir + "/consents-1", dir + "/consents-0"}, Contracts: []string{dir + "/contracts"}}
}

// writeRows writes rows of numbers, nobody as NULL.
func writeRows(t *testing.T, path string, columns []column, rows [][]int64, group int) {
	t.Helper()
	var nodes schema.FieldList
	for _, c := range columns {
		nodes = append(nodes, schema.MustPrimitive(schema.NewPrimitiveNode(c.name, parquet.Repetitions.Optional, c.kind, -1, -1)))
	}
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewParquetWriter(struct{ io.Writer }{out}, schema.MustGroup(schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)))
	for part := range slices.Chunk(rows, group) {
		g, err := w.AppendRowGroupChecked()
		if err != nil {
			t.Fatal(err)
		}
		for i := range columns {
			c, err := g.NextColumn()
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(writeColumn(c, part, i), c.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
}

func writeColumn(w file.ColumnChunkWriter, rows [][]int64, at int) (err error) {
	var i32 []int32
	var i64 []int64
	var bools []bool
	var levels []int16
	for _, row := range rows {
		if row[at] == nobody {
			levels = append(levels, 0)
			continue
		}
		levels = append(levels, 1)
		i32, i64, bools = append(i32, int32(row[at])), append(i64, row[at]), append(bools, row[at] != 0)
	}
	switch w := w.(type) {
	case *file.Int32ColumnChunkWriter:
		_, err = w.WriteBatch(i32, levels, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(i64, levels, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(bools, levels, nil)
	}
	return err
}

// dayByDay adds up the months day by day, as account_breaches.sql defines it.
func dayByDay(t *testing.T, months []sentMonth) [][]int64 {
	t.Helper()
	type key struct{ account, recipient int64 }
	kinds := map[int64]*[4]lacking{} // third_party, overseas, filled, uncovered
	for _, m := range months {
		first, err := firstDay(m.month)
		if err != nil {
			t.Fatal(err)
		}
		consents := map[key][]int64{}
		for _, c := range m.consents {
			consents[key{c[0], c[1]}] = c
		}
		for _, s := range m.sent {
			for d := range 31 {
				at := slices.IndexFunc(m.contracts, func(c []int64) bool { return c[0] == s[1] && c[2]>>d&1 == 1 })
				if s[4]>>d&1 == 0 || at < 0 {
					continue
				}
				if kinds[s[0]] == nil {
					kinds[s[0]] = &[4]lacking{}
				}
				c := consents[key{s[0], s[1]}]
				shared, moved := c != nil && c[2]>>d&1 == 1, c != nil && c[3]>>d&1 == 1
				term, items, uncovered := m.contracts[at], int64(0), int64(0)
				for bit := range 63 {
					items += s[2] >> bit & 1
					uncovered += s[2] >> bit & 1 &^ (term[1] >> bit & 1)
				}
				for k, is := range []bool{!shared, !moved && term[3] == 1, !shared && items > 0, !shared && uncovered > 0} {
					l := &kinds[s[0]][k]
					day := first + pipeline.Day(d)
					if !is {
						continue
					}
					if l.records == 0 {
						l.first, l.last = day, day
					}
					l.first, l.last = min(l.first, day), max(l.last, day)
					l.records += s[3]
					l.items += s[3] * []int64{items, items, 0, uncovered}[k]
				}
			}
		}
	}
	var rows [][]int64
	for account, k := range kinds {
		if k[0].records+k[1].records > 0 {
			row := []int64{account}
			for i, l := range k {
				row = append(row, l.records)
				if i != 2 {
					row = append(row, l.items)
				}
				if l.records == 0 {
					row = append(row, nobody, nobody)
				} else {
					row = append(row, int64(l.first), int64(l.last))
				}
			}
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b []int64) int { return cmp.Compare(a[0], b[0]) })
	return rows
}

func breachRows(t *testing.T, path string) (rows [][]int64) {
	t.Helper()
	readTable(t, path, func(b arrow.RecordBatch, i int) {
		row := make([]int64, b.NumCols())
		for c := range row {
			switch col := b.Column(c).(type) {
			case *array.Int32:
				row[c] = int64(col.Value(i))
			case *array.Int64:
				row[c] = col.Value(i)
			case *array.Date32:
				row[c] = int64(col.Value(i))
			}
			if b.Column(c).IsNull(i) {
				row[c] = nobody
			}
		}
		rows = append(rows, row)
	})
	return rows
}

// Whatever the months, the rows are those of adding up day by day; and the bytes
// are the same with any number of workers, ranges of any width, and months added
// to what there was. There are more consents than are read at a time.
func TestBreachesDayByDay(t *testing.T) {
	for seed, accounts := range []int{0, 1, 50, 2_000, 40_000} {
		rng := rand.New(rand.NewPCG(uint64(seed), 6))
		group := 1 + accounts/(1+rng.IntN(9))
		var made []sentMonth
		var months []pipeline.BreachesMonth
		for _, month := range []int{202402, 202312, 202401} {
			made = append(made, newSentMonth(rng, month, accounts))
			months = append(months, made[len(made)-1].write(t, group))
		}
		job := pipeline.BreachesJob{Months: months, To: allAccounts, Out: filepath.Join(t.TempDir(), "whole")}
		if _, err := new(Tally).Breaches(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(dayByDay(t, made), breachRows(t, job.Out)); diff != "" {
			t.Fatalf("seed %d (-day by day +tally)\n%s", seed, diff)
		}
		want, err := os.ReadFile(job.Out)
		if err != nil {
			t.Fatal(err)
		}
		for n, width := range []int{1 + accounts/7, 3*accounts + 1} {
			tally := &Tally{limits: limits{accounts: width, varied: termLimit}}
			before, after := job, job
			before.Months, before.Out, before.Workers = months[n:2], job.Out+"-before", 3
			after.Months, after.Out, after.Workers = append(slices.Clone(months[:n]), months[2]), job.Out+"-after", n
			after.Base = []string{before.Out}
			for _, j := range []pipeline.BreachesJob{before, after} {
				if _, err := tally.Breaches(t.Context(), j); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := os.ReadFile(after.Out); err != nil || !bytes.Equal(want, got) {
				t.Errorf("seed %d: %d accounts at a time, added to what there was: differs, %v", seed, width, err)
			}
		}
	}
}

// What cannot be added up is an error that names no account, and leaves no file.
func TestBreachesRefuses(t *testing.T) {
	contracts := [][]int64{{4, 0, 1<<29 - 1, 1}}
	day, most := int64(19_800), int64(math.MaxInt64)
	none := []int64{0, 0, nobody, nobody}
	base := func(third ...int64) [][]int64 {
		return [][]int64{slices.Concat([]int64{7_777_777}, third, none, none[1:], none)}
	}
	for name, c := range map[string]struct {
		month sentMonth
		base  [][]int64
		want  error
	}{
		"records of a day": {month: sentMonth{sent: [][]int64{{7_777_777, 4, 3, 1 << 53, 1}}}, want: errTooMany},
		"records of days":  {month: sentMonth{sent: [][]int64{{7_777_777, 4, 3, 1 << 52, 1}}}, base: base(most-7, 9, day, day), want: errTooMany},
		"items of days":    {month: sentMonth{sent: [][]int64{{7_777_777, 4, 3, 4, 1}}}, base: base(9, most-7, day, day), want: errTooMany},
		"negative account": {month: sentMonth{sent: [][]int64{{-7_777_777, 4, 3, 1, 1}}}, want: errNegative},
		"rows in disorder": {month: sentMonth{sent: [][]int64{{7_777_777, 4, 3, 1, 1}, {7_777_776, 4, 3, 1, 1}}, consents: [][]int64{{7_777_778, 4, 1, 1}}}, want: errUnordered},
		"recipients in disorder": {month: sentMonth{sent: [][]int64{{7_777_777, nobody, 3, 1, 1}, {7_777_777, 4, 3, 1, 1}},
			consents: [][]int64{{7_777_778, 4, 1, 1}}}, want: errUnordered},
		"consents in disorder": {month: sentMonth{sent: [][]int64{{7_777_777, 4, 3, 1, 1}}, consents: [][]int64{{7_777_777, 4, 1, 1}, {7_777_777, 4, 1, 1}, {7_777_778, 4, 1, 1}}}, want: errUnordered},
		"terms":                {month: sentMonth{sent: [][]int64{{7_777_777, 4, 3, 1, 1}}, contracts: [][]int64{{4, 0, 1, 1}, {4, 1, 2, 1}}}, want: pipeline.ErrVaried},
		"no consent":           {month: sentMonth{sent: [][]int64{{7_777_777, 4, 3, 1, 1}}, consents: [][]int64{{7_777_777, 4, nobody, 1}}}},
		"no term":              {month: sentMonth{contracts: [][]int64{{4, 0, 1, nobody}}}},
		"no day":               {base: base(1, 1, nobody, day)},
		"no items":             {base: base(1, nobody, day, day)},
		"records below none":   {base: base(-1, 1, day, day)},
	} {
		c.month.month = 202402
		if c.month.contracts == nil {
			c.month.contracts = contracts
		}
		m := c.month.write(t, 100)
		slices.Sort(m.Consents)
		job := pipeline.BreachesJob{Months: []pipeline.BreachesMonth{m}, To: allAccounts, Workers: 2, Out: filepath.Join(t.TempDir(), "out")}
		if c.base != nil {
			job.Base = []string{job.Out + "-base"}
			writeRows(t, job.Base[0], breachColumns, c.base, 100)
		}
		_, err := (&Tally{Varied: 1}).Breaches(t.Context(), job)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err), "777777") {
			t.Errorf("%s: names an account: %v", name, err)
		}
		if _, err := os.Stat(job.Out); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: left a file: %v", name, err)
		}
	}
}
