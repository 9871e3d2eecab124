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

// sumsExample adds up the months of the example of a rollup.
func (l *tallyBench) sumsExample(name string, queries []pipeline.Query, fsys fs.FS) {
	l.t.Helper()
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
		s := sum{table: name, months: l.monthFiles(tables[0]), workers: 2, to: 1 << 31}
		switch name {
		case "account_unneeded":
			s.unneeded = unneededOf(tables[1].Rows)
		case "account_breaches":
			s.breaches = l.breachesOf(s.months, tables[1].Rows, tables[2].Rows)
		}
		got := l.sumRows(name, l.addUp(s))
		if diff := cmp.Diff(writeCells(ex.scenarios[i].want), writeCells(shown(got))); diff != "" {
			l.t.Errorf("%s: scenario %q (-want +got)\n%s", name, ex.scenarios[i].name, diff)
		}
	}
}

// unneededOf are the rows of unneeded_days.
func unneededOf(rows [][]any) (out []pipeline.UnneededDays) {
	for _, r := range rows {
		out = append(out, pipeline.UnneededDays{Source: r[0].(string), Month: int(r[1].(int64)), Fields: r[2].(int64), Days: r[3].(int64)})
	}
	return out
}

// monthFiles writes account_months as the lake has them: by source and month.
func (l *tallyBench) monthFiles(m pipeline.Mounted) (months []pipeline.FlowsMonth) {
	l.t.Helper()
	l.mount(m)
	parts, err := l.e.Select(l.t.Context(), "SELECT DISTINCT source, month FROM account_months ORDER BY month DESC, source", 0)
	if err != nil {
		l.t.Fatal(err)
	}
	dir := l.t.TempDir()
	for i, p := range parts.Values {
		path := filepath.Join(dir, fmt.Sprintf("%d.parquet", i))
		text := fmt.Sprintf("SELECT * FROM account_months WHERE source = '%s' AND month = %d ORDER BY account_key, recipient_key NULLS LAST", p[0], p[1])
		if _, err := l.e.Export(l.t.Context(), text, path); err != nil {
			l.t.Fatal(err)
		}
		months = append(months, pipeline.FlowsMonth{Source: p[0].(string), Month: int(p[1].(int64)), Path: path})
	}
	return months
}

// sum is one adding up.
type sum struct {
	table    string
	months   []pipeline.FlowsMonth
	unneeded []pipeline.UnneededDays
	breaches []pipeline.BreachesMonth // the months, with consents and contracts
	base     []string
	workers  int
	from, to int64
}

// addUp adds months up into a file of its own.
func (l *tallyBench) addUp(s sum) string {
	l.t.Helper()
	out := filepath.Join(l.t.TempDir(), "sums.parquet")
	var err error
	switch s.table {
	case "account_totals":
		job := pipeline.TotalsJob{Base: s.base, From: s.from, To: s.to, Workers: s.workers, Out: out}
		for _, m := range s.months {
			at := slices.IndexFunc(job.Months, func(o pipeline.TotalsMonth) bool { return o.Month == m.Month })
			if at < 0 {
				at, job.Months = len(job.Months), append(job.Months, pipeline.TotalsMonth{Month: m.Month})
			}
			job.Months[at].Paths = append(job.Months[at].Paths, m.Path)
		}
		_, err = l.tally.Totals(l.t.Context(), job)
	case "account_breaches":
		_, err = l.tally.Breaches(l.t.Context(), pipeline.BreachesJob{Months: s.breaches, Base: s.base, From: s.from, To: s.to,
			Workers: s.workers, Out: out})
	default:
		_, err = l.tally.Flows(l.t.Context(), pipeline.FlowsJob{Table: s.table, Months: s.months, Unneeded: s.unneeded, Base: s.base,
			From: s.from, To: s.to, Workers: s.workers, Out: out})
	}
	if err != nil {
		l.t.Fatalf("months %d: %s: %v", l.seed, s.table, err)
	}
	return out
}

func (l *tallyBench) sumRows(table string, paths ...string) *pipeline.Rows {
	l.t.Helper()
	def, _ := pipeline.LookupTable(table)
	m := pipeline.Mounted{Def: def}
	for _, path := range paths {
		m.Files = append(m.Files, pipeline.MountedFile{Path: path})
	}
	return l.rows(m)
}

// sums adds up made-up months of two sources, and compares them with the SQL:
// at once, in ranges of accounts, and what is new added to what was added up
// before, byte for byte.
func (l *tallyBench) sums() {
	l.t.Helper()
	r := rand.New(rand.NewPCG(l.seed, 5))
	var months []pipeline.FlowsMonth
	days := map[pipeline.Day]bool{}
	for i := range uint64(2 + r.IntN(3)) {
		rows := madeMonth(l.seed + i*7)
		for _, row := range rows {
			days[row[1].(pipeline.Day)] = true
		}
		for source, some := range map[string][][]any{"made": rows[:len(rows)/2], "other": rows[len(rows)/3:]} {
			if files := l.days(some); len(files) > 0 {
				month := files[0].Day.Month()
				months = append(months, pipeline.FlowsMonth{Source: source, Month: month, Path: l.job(source, month, files, 1).Months})
			}
		}
	}
	months = oneEach(months)
	var unneeded []pipeline.UnneededDays
	for _, m := range months {
		for mask := int64(1); m.Source == "made" && mask < 8; mask *= 4 {
			unneeded = append(unneeded, pipeline.UnneededDays{Source: m.Source, Month: m.Month, Fields: mask + 64, Days: int64(r.Uint32() >> 1)})
		}
	}
	breaches := l.madeBreaches(r, months)
	for _, table := range addedUp {
		l.sumsOf(sum{table: table, months: months, unneeded: unneeded, breaches: breaches, workers: 1, to: 1 << 31}, days, r)
	}
}

// addedUp are the rollups that a Tally adds up of months.
var addedUp = [...]string{"account_totals", "account_flows", "account_unneeded", "account_breaches"}

// oneEach keeps one file of each source and month.
func oneEach(months []pipeline.FlowsMonth) (out []pipeline.FlowsMonth) {
	for _, m := range months {
		if !slices.ContainsFunc(out, func(o pipeline.FlowsMonth) bool { return o.Source == m.Source && o.Month == m.Month }) {
			out = append(out, m)
		}
	}
	return out
}

// sumsOf holds one of the sums to its SQL.
func (l *tallyBench) sumsOf(s sum, days map[pipeline.Day]bool, r *rand.Rand) {
	l.t.Helper()
	whole := l.addUp(s)
	want := l.sumsBySQL(s, days)
	if diff := cmp.Diff(want.Values, l.sumRows(s.table, whole).Values, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("months %d: %s (-SQL +tally)\n%s", l.seed, s.table, diff)
	}
	same := func(what string, other sum) {
		l.t.Helper()
		if !bytes.Equal(l.read(whole), l.read(l.addUp(other))) {
			l.t.Errorf("months %d: %s %s: differs", l.seed, s.table, what)
		}
	}
	other := s
	other.workers = 3
	same("with other workers", other)
	last := s.months[r.IntN(len(s.months))].Month // months of a base are whole
	before := other
	before.ofMonth(last, false)
	before.workers = 2
	other.ofMonth(last, true)
	other.base = []string{l.addUp(before)}
	same("added to what there was", other)
	low, high := s, s
	low.to = int64(r.IntN(100_000))
	high.from = low.to
	if diff := cmp.Diff(want.Values, l.sumRows(s.table, l.addUp(low), l.addUp(high)).Values, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("months %d: %s in ranges (-SQL +tally)\n%s", l.seed, s.table, diff)
	}
}

// ofMonth leaves one month, or all others.
func (s *sum) ofMonth(month int, is bool) {
	s.months = slices.DeleteFunc(slices.Clone(s.months), func(m pipeline.FlowsMonth) bool { return (m.Month == month) != is })
	s.breaches = slices.DeleteFunc(slices.Clone(s.breaches), func(m pipeline.BreachesMonth) bool { return (m.Month == month) != is })
}

func (l *tallyBench) read(path string) []byte {
	l.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		l.t.Fatal(err)
	}
	return data
}

// sumsBySQL has the engine add up.
func (l *tallyBench) sumsBySQL(s sum, days map[pipeline.Day]bool) *pipeline.Rows {
	l.t.Helper()
	table := func(name string) pipeline.TableDef {
		def, _ := pipeline.LookupTable(name)
		return def
	}
	m := pipeline.Mounted{Def: table("account_months")}
	for _, month := range s.months {
		m.Files = append(m.Files, pipeline.MountedFile{Path: month.Path})
	}
	u := pipeline.Mounted{Def: table("unneeded_days")}
	for _, x := range s.unneeded {
		u.Rows = append(u.Rows, []any{x.Source, int64(x.Month), x.Fields, x.Days})
	}
	l.mount(m)
	l.mount(u)
	l.mountBreaches(s.breaches)
	l.mount(pipeline.Mounted{Def: table("calendar"), Rows: calendarRows(days, pipeline.DayRange{})})
	want, err := l.e.Select(l.t.Context(), l.queries[s.table].SQL, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	return want
}
