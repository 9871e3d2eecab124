package enginetest

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"exhibit/pipeline"
)

// totalsExample adds up the months of the example of account_totals.
func (l *tallyBench) totalsExample(queries []pipeline.Query, fsys fs.FS) {
	l.t.Helper()
	const name = "account_totals"
	at := slices.IndexFunc(queries, func(q pipeline.Query) bool { return q.Kind == pipeline.RollupQuery && q.Name == name })
	l.queries[name] = &queries[at]
	data, err := fs.ReadFile(fsys, "rollup/"+name+".txtar")
	if err != nil {
		l.t.Fatal(err)
	}
	ex, err := readExample(data)
	if err != nil {
		l.t.Fatal(err)
	}
	for i := range ex.scenarios {
		tables, err := ex.scenarios[i].mounted(l.queries[name])
		if err != nil {
			l.t.Fatal(err)
		}
		got := l.totalRows(l.addUp(l.monthFiles(tables[0]), nil, 2))
		if diff := cmp.Diff(writeCells(ex.scenarios[i].want), writeCells(shown(got))); diff != "" {
			l.t.Errorf("%s: scenario %q (-want +got)\n%s", name, ex.scenarios[i].name, diff)
		}
	}
}

// monthFiles writes account_months as the lake has them: by source and month.
func (l *tallyBench) monthFiles(m pipeline.Mounted) (months []pipeline.TotalsMonth) {
	l.t.Helper()
	l.mount(m)
	parts, err := l.e.Select(l.t.Context(), "SELECT DISTINCT source, month FROM account_months ORDER BY month DESC, source", 0)
	if err != nil {
		l.t.Fatal(err)
	}
	dir := l.t.TempDir()
	for i, p := range parts.Values {
		path := filepath.Join(dir, fmt.Sprintf("%d.parquet", i))
		text := fmt.Sprintf("SELECT * FROM account_months WHERE source = '%s' AND month = %d ORDER BY account_key", p[0], p[1])
		if _, err := l.e.Export(l.t.Context(), text, path); err != nil {
			l.t.Fatal(err)
		}
		months = append(months, pipeline.TotalsMonth{Month: int(p[1].(int64)), Paths: []string{path}})
	}
	return joined(months)
}

// joined puts the files of one month together.
func joined(months []pipeline.TotalsMonth) (out []pipeline.TotalsMonth) {
	for _, m := range months {
		at := slices.IndexFunc(out, func(o pipeline.TotalsMonth) bool { return o.Month == m.Month })
		if at < 0 {
			out = append(out, pipeline.TotalsMonth{Month: m.Month})
			at = len(out) - 1
		}
		out[at].Paths = append(out[at].Paths, m.Paths...)
	}
	return out
}

// addUp adds months up into a file of its own.
func (l *tallyBench) addUp(months []pipeline.TotalsMonth, base []string, workers int) string {
	l.t.Helper()
	return l.addUpRange(months, base, workers, 0, 1<<31)
}

func (l *tallyBench) addUpRange(months []pipeline.TotalsMonth, base []string, workers int, from, to int64) string {
	l.t.Helper()
	out := filepath.Join(l.t.TempDir(), "totals.parquet")
	job := pipeline.TotalsJob{Months: months, Base: base, From: from, To: to, Workers: workers, Out: out}
	if _, err := l.tally.Totals(l.t.Context(), job); err != nil {
		l.t.Fatalf("month %d: %v", l.seed, err)
	}
	return out
}

func (l *tallyBench) totalRows(paths ...string) *pipeline.Rows {
	l.t.Helper()
	def, _ := pipeline.LookupTable("account_totals")
	m := pipeline.Mounted{Def: def}
	for _, path := range paths {
		m.Files = append(m.Files, pipeline.MountedFile{Path: path})
	}
	return l.rows(m)
}

// totals adds up made-up months of two sources, and compares them with the
// SQL: at once, in ranges of accounts, and what is new added to what was added
// up before, byte for byte.
func (l *tallyBench) totals() {
	l.t.Helper()
	r := rand.New(rand.NewPCG(l.seed, 5))
	var months []pipeline.TotalsMonth
	days := map[pipeline.Day]bool{}
	for i := range uint64(2 + r.IntN(3)) {
		rows := madeMonth(l.seed + i*7)
		for _, row := range rows {
			days[row[1].(pipeline.Day)] = true
		}
		for source, some := range map[string][][]any{"made": rows[:len(rows)/2], "other": rows[len(rows)/3:]} {
			if len(some) == 0 {
				continue
			}
			files := l.days(some)
			for _, part := range byMonth(files) {
				job := l.job(source, part[0].Day.Month(), part, 1)
				months = append(months, pipeline.TotalsMonth{Month: part[0].Day.Month(), Paths: []string{job.Months}})
			}
		}
	}
	months = joined(months)
	whole := l.addUp(months, nil, 1)
	want := l.totalsBySQL(months, days)
	if diff := cmp.Diff(want.Values, l.totalRows(whole).Values, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("months %d: account_totals (-SQL +tally)\n%s", l.seed, diff)
	}
	same := func(what, path string) {
		l.t.Helper()
		if !bytes.Equal(l.read(whole), l.read(path)) {
			l.t.Errorf("months %d: account_totals %s: differs", l.seed, what)
		}
	}
	same("with other workers", l.addUp(months, nil, 3))
	at := r.IntN(len(months))
	before := l.addUp(slices.Concat(months[:at], months[at+1:]), nil, 2)
	same("added to what there was", l.addUp(months[at:at+1], []string{before}, 2))
	middle := int64(r.IntN(100_000))
	some := []string{l.addUpRange(months, nil, 2, 0, middle), l.addUpRange(months, nil, 2, middle, 1<<31)}
	if diff := cmp.Diff(want.Values, l.totalRows(some...).Values, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("months %d: account_totals in ranges (-SQL +tally)\n%s", l.seed, diff)
	}
}

func (l *tallyBench) read(path string) []byte {
	l.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		l.t.Fatal(err)
	}
	return data
}

func byMonth(files []pipeline.TallyDay) map[int][]pipeline.TallyDay {
	out := map[int][]pipeline.TallyDay{}
	for _, f := range files {
		out[f.Day.Month()] = append(out[f.Day.Month()], f)
	}
	return out
}

func (l *tallyBench) totalsBySQL(months []pipeline.TotalsMonth, days map[pipeline.Day]bool) *pipeline.Rows {
	l.t.Helper()
	def, _ := pipeline.LookupTable("account_months")
	m := pipeline.Mounted{Def: def}
	for _, month := range months {
		for _, path := range month.Paths {
			m.Files = append(m.Files, pipeline.MountedFile{Path: path})
		}
	}
	calendar, _ := pipeline.LookupTable("calendar")
	l.mount(m)
	l.mount(pipeline.Mounted{Def: calendar, Rows: calendarRows(days, pipeline.DayRange{})})
	want, err := l.e.Select(l.t.Context(), l.queries["account_totals"].SQL, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	return want
}
