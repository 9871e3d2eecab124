package enginetest

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"exhibit/pipeline"
	"exhibit/pipeline/catalog"
)

// Tally holds a pipeline.Tally to the worked examples of the rollups that it
// makes, and to their SQL, run by an engine, on made-up months: row by row and
// in the same order, whatever the number of workers; and merged day by day, or
// month by month, in any order, byte for byte.
func Tally(t *testing.T, open func(testing.TB) pipeline.Engine, tally pipeline.Tally, fsys fs.FS) {
	queries, err := catalog.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	l := &tallyBench{t: t, e: open(t), tally: tally, queries: map[string]*pipeline.Query{}}
	for _, name := range []string{"account_months", "sent_days"} {
		at := slices.IndexFunc(queries, func(q pipeline.Query) bool { return q.Kind == pipeline.RollupQuery && q.Name == name })
		l.queries[name] = &queries[at]
		data, err := fs.ReadFile(fsys, "rollup/"+name+".txtar")
		if err != nil {
			t.Fatal(err)
		}
		ex, err := readExample(data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range ex.scenarios {
			l.example(name, &ex.scenarios[i])
		}
	}
	for _, name := range addedUp {
		l.sumsExample(name, queries, fsys)
	}
	l.personsExample(queries, fsys)
	for seed := range uint64(tallied) {
		l.seed = seed
		l.month(madeMonth(seed))
		if seed%4 == 0 {
			l.sums()
			l.persons()
		}
		if t.Failed() {
			return
		}
	}
}

// tallied is how many made-up months are tried.
const tallied = 16

// tallyBench counts rows of the table transfers without a case around them.
type tallyBench struct {
	t       *testing.T
	e       pipeline.Engine
	tally   pipeline.Tally
	queries map[string]*pipeline.Query
	seed    uint64
}

// example counts an example's records by source and month.
func (l *tallyBench) example(name string, s *scenario) {
	l.t.Helper()
	tables, err := s.mounted(l.queries[name])
	if err != nil {
		l.t.Fatal(err)
	}
	type part struct {
		source string
		month  int
	}
	parts := map[part][][]any{}
	for _, row := range tables[0].Rows {
		p := part{row[0].(string), row[1].(pipeline.Day).Month()}
		parts[p] = append(parts[p], row)
	}
	def, _ := pipeline.LookupTable(name)
	all := pipeline.Mounted{Def: def}
	for p, rows := range parts {
		job := l.job(p.source, p.month, l.days(rows), 2)
		path := job.Months
		if name == "sent_days" {
			path = job.SentDays
		}
		all.Files = append(all.Files, pipeline.MountedFile{Path: path})
	}
	got := l.rows(all)
	sortRows(got.Values)
	if diff := cmp.Diff(writeCells(s.want), writeCells(shown(got))); diff != "" {
		l.t.Errorf("%s: scenario %q (-want +got)\n%s", name, s.name, diff)
	}
}

// days writes records as the lake has them: a file for each day and file_id,
// in the order of the accounts.
func (l *tallyBench) days(rows [][]any) []pipeline.TallyDay {
	l.t.Helper()
	type key struct {
		day    pipeline.Day
		fileID string
	}
	files := map[key][][]any{}
	var order []key
	for _, row := range rows {
		k := key{row[1].(pipeline.Day), row[2].(string)}
		if files[k] == nil {
			order = append(order, k)
		}
		files[k] = append(files[k], row)
	}
	def, _ := pipeline.LookupTable("transfers")
	dir := l.t.TempDir()
	var days []pipeline.TallyDay
	for _, k := range order {
		l.mount(pipeline.Mounted{Def: def, Rows: files[k]})
		path := filepath.Join(dir, fmt.Sprintf("%d-%s.parquet", k.day, k.fileID))
		if _, err := l.e.Export(l.t.Context(), "SELECT account_key, recipient_key, fields, file_id FROM transfers ORDER BY account_key NULLS FIRST", path); err != nil {
			l.t.Fatal(err)
		}
		days = append(days, pipeline.TallyDay{Path: path, Day: k.day})
	}
	return days
}

// job counts a month into files of its own.
func (l *tallyBench) job(source string, month int, days []pipeline.TallyDay, workers int, base ...pipeline.TallyJob) pipeline.TallyJob {
	l.t.Helper()
	dir := l.t.TempDir()
	job := pipeline.TallyJob{Source: source, Month: month, Days: days, Workers: workers, Months: dir + "/months.parquet", SentDays: dir + "/days.parquet"}
	for _, b := range base {
		job.BaseMonths, job.BaseDays = append(job.BaseMonths, b.Months), append(job.BaseDays, b.SentDays)
	}
	if _, err := l.tally.Month(l.t.Context(), job); err != nil {
		l.t.Fatalf("month %d: %v", l.seed, err)
	}
	return job
}

func (l *tallyBench) mount(m pipeline.Mounted) {
	l.t.Helper()
	if err := l.e.Mount(l.t.Context(), m); err != nil {
		l.t.Fatal(err)
	}
}

// rows gives the rows of a table as they lie in its files.
func (l *tallyBench) rows(m pipeline.Mounted) *pipeline.Rows {
	l.t.Helper()
	l.mount(m)
	rows, err := l.e.Select(l.t.Context(), "SELECT * FROM "+m.Def.Name, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	return rows
}

// month compares a made-up month with its SQL, and a merge with the whole.
func (l *tallyBench) month(rows [][]any) {
	l.t.Helper()
	days := l.days(rows)
	month := days[0].Day.Month()
	whole := l.job("made", month, days, 1)
	transfers, _ := pipeline.LookupTable("transfers")
	calendar, _ := pipeline.LookupTable("calendar")
	sent := map[pipeline.Day]bool{}
	for _, d := range days {
		sent[d.Day] = true
	}
	l.mount(pipeline.Mounted{Def: transfers, Rows: rows})
	l.mount(pipeline.Mounted{Def: calendar, Rows: calendarRows(sent, pipeline.DayRange{})})
	for name, path := range map[string]string{"account_months": whole.Months, "sent_days": whole.SentDays} {
		want, err := l.e.Select(l.t.Context(), l.queries[name].SQL, 0)
		if err != nil {
			l.t.Fatal(err)
		}
		def, _ := pipeline.LookupTable(name)
		got := l.rows(pipeline.Mounted{Def: def, Files: []pipeline.MountedFile{{Path: path}}})
		if diff := cmp.Diff(want.Values, got.Values, cmpopts.EquateEmpty()); diff != "" {
			l.t.Errorf("month %d: %s (-SQL +tally)\n%s", l.seed, name, diff)
		}
	}
	l.same("with other workers", whole, l.job("made", month, days, 2+int(l.seed%3)))
	l.same("merged", whole, l.merged(month, days))
	half := days[:len(days)/2]
	for len(half) < len(days) && len(half) > 0 && days[len(half)].Day == half[len(half)-1].Day {
		half = days[:len(half)+1] // a base has whole days
	}
	l.same("merged into what the engine made", whole, l.job("made", month, days[len(half):], 2, l.sql(rows, half)))
}

// sql has the engine make the rollups of some days.
func (l *tallyBench) sql(rows [][]any, days []pipeline.TallyDay) pipeline.TallyJob {
	l.t.Helper()
	var some [][]any
	for _, row := range rows {
		if slices.ContainsFunc(days, func(d pipeline.TallyDay) bool { return d.Day == row[1] }) {
			some = append(some, row)
		}
	}
	transfers, _ := pipeline.LookupTable("transfers")
	l.mount(pipeline.Mounted{Def: transfers, Rows: some})
	dir := l.t.TempDir()
	made := pipeline.TallyJob{Months: dir + "/months.parquet", SentDays: dir + "/days.parquet"}
	for name, path := range map[string]string{"account_months": made.Months, "sent_days": made.SentDays} {
		if _, err := l.e.Export(l.t.Context(), l.queries[name].SQL, path); err != nil {
			l.t.Fatal(err)
		}
	}
	return made
}

// merged counts the days in a random order, some at a time.
func (l *tallyBench) merged(month int, days []pipeline.TallyDay) pipeline.TallyJob {
	l.t.Helper()
	r := rand.New(rand.NewPCG(l.seed, 4))
	byDay := map[pipeline.Day][]pipeline.TallyDay{}
	for _, d := range days {
		byDay[d.Day] = append(byDay[d.Day], d)
	}
	var order []pipeline.Day
	for d := range byDay {
		order = append(order, d)
	}
	slices.Sort(order)
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	var base []pipeline.TallyJob
	for len(order) > 0 {
		var some []pipeline.TallyDay
		n := 1 + r.IntN(min(len(order), 12))
		for _, d := range order[:n] {
			some = append(some, byDay[d]...)
		}
		order = order[n:]
		base = []pipeline.TallyJob{l.job("made", month, some, 1+r.IntN(3), base...)}
	}
	return base[0]
}

func (l *tallyBench) same(what string, a, b pipeline.TallyJob) {
	l.t.Helper()
	for _, p := range [][2]string{{a.Months, b.Months}, {a.SentDays, b.SentDays}} {
		x, err := os.ReadFile(p[0])
		if err != nil {
			l.t.Fatal(err)
		}
		y, err := os.ReadFile(p[1])
		if err != nil {
			l.t.Fatal(err)
		}
		if !bytes.Equal(x, y) {
			l.t.Errorf("month %d: %s: %s differs", l.seed, what, filepath.Base(p[0]))
		}
	}
}

// madeMonth makes the records of one month: most accounts once a day, some
// never, some up to 40 times and in many ways; some records without an account
// or recipient; and several files a day.
func madeMonth(seed uint64) [][]any {
	r := rand.New(rand.NewPCG(seed, 3))
	first := pipeline.DayOf(time.Date(2018+r.IntN(7), time.Month(1+seed%12), 1, 0, 0, 0, 0, time.UTC))
	accounts, apart := 1+r.IntN(30), 1+r.IntN(20_000) // keys of several ranges
	kinds, most, files := 1+r.IntN(5), 1+r.IntN(40), 1+r.IntN(3)
	var rows [][]any
	for day := first; day.Month() == first.Month(); day++ {
		for a := range accounts {
			if r.IntN(4) == 0 && len(rows) > 0 {
				continue
			}
			account, recipient, fields, n := any(int64(a*apart)), any(int64(2)), int64(127), 1
			if a%3 == 1 {
				fields, n = int64(r.IntN(kinds)), r.IntN(most+1)
				if recipient = int64(r.IntN(kinds)); r.IntN(4) == 0 {
					recipient = nil
				}
			}
			if r.IntN(15) == 0 {
				account = nil
			}
			for range n {
				rows = append(rows, []any{"made", day, fmt.Sprint("f", r.IntN(files)), account, recipient, fields})
			}
		}
	}
	return rows
}
