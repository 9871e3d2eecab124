package enginetest

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"exhibit/pipeline"
	"exhibit/pipeline/catalog"
)

// Properties holds the built-in rollups, figures and findings of fsys to what
// their definitions say of made-up cases, worked out record by record in Go:
// by source and month or at once, whole or in ranges, in whatever order the
// rows lie.
func Properties(t *testing.T, open func(testing.TB) pipeline.Engine, fsys fs.FS) {
	queries, err := catalog.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, e: open(t), queries: queries, mounted: map[string]content{}, told: map[string][]bool{}}
	for seed := range uint64(worlds) {
		w := newWorld(seed)
		b.seed = seed
		tables := b.rollUp(w)
		b.ranges(w, tables)
		b.results(newTruth(w), tables)
		b.same(tables, b.rollUp(w.shuffled(seed)))
		if t.Failed() {
			return
		}
	}
	for name, values := range b.told {
		for i, told := range values {
			if !told {
				t.Errorf("figure %s: column %d is 0 in every world, which proves nothing", name, i+1)
			}
		}
	}
}

// tell remembers which columns of a figure have said something in some world.
func (b *bench) tell(name string, row []any) {
	if b.told[name] == nil {
		b.told[name] = make([]bool, len(row))
	}
	for i, v := range row {
		b.told[name][i] = b.told[name][i] || v != nil && v != int64(0)
	}
}

// worlds is how many made-up cases are tried.
const worlds = 12

// bench runs queries on the tables of one world after the other.
type bench struct {
	t       testing.TB
	e       pipeline.Engine
	queries []pipeline.Query
	seed    uint64
	mounted map[string]content
	told    map[string][]bool // figure → column
}

// content tells the rows of one mounted table from those of another.
type content struct {
	first    *[]any
	rows     int
	from, to int64
}

// mount makes a table visible unless it is already.
func (b *bench) mount(m pipeline.Mounted) {
	b.t.Helper()
	c := content{rows: len(m.Rows)}
	if c.rows > 0 {
		c.first = &m.Rows[0]
	}
	if m.Range != nil {
		c.from, c.to = m.Range.From, m.Range.To
	}
	if was, ok := b.mounted[m.Def.Name]; ok && was == c {
		return
	}
	if err := b.e.Mount(b.t.Context(), m); err != nil {
		b.t.Fatalf("world %d: %s: %v", b.seed, m.Def.Name, err)
	}
	b.mounted[m.Def.Name] = c
}

func (b *bench) query(kind pipeline.QueryKind, name string) *pipeline.Query {
	b.t.Helper()
	i := slices.IndexFunc(b.queries, func(q pipeline.Query) bool { return q.Kind == kind && q.Name == name })
	if i < 0 {
		b.t.Fatalf("no %s %s", kind, name)
	}
	return &b.queries[i]
}

// rows answers a query, in every other world with its variant for the engine;
// the key of restrict, where given, is kept to a range in the tables that have
// it.
func (b *bench) rows(q *pipeline.Query, tables map[string]pipeline.Mounted, restrict *pipeline.KeyRange) [][]any {
	b.t.Helper()
	text := q.SQL
	for engine, variant := range q.Variants {
		if strings.HasPrefix(b.e.Version(), engine) && b.seed%2 == 0 { // every other world runs the portable text
			text = variant
		}
	}
	for _, name := range q.Needs {
		m := tables[name]
		if restrict != nil && slices.ContainsFunc(m.Def.Columns, func(c pipeline.Column) bool { return c.Name == restrict.Column }) {
			m.Range = restrict
		}
		b.mount(m)
	}
	got, err := b.e.Select(b.t.Context(), text, 0)
	if err != nil {
		b.t.Fatalf("world %d: %s: %v", b.seed, q.Path, err)
	}
	return got.Values
}

// rollUp adds every rollup to the tables of a world, in running order, those
// of scope month by source and month.
func (b *bench) rollUp(w *world) map[string]pipeline.Mounted {
	tables, byScope := w.lake(), map[part]map[string]pipeline.Mounted{}
	order, split := w.parts()
	for _, p := range order {
		byScope[p] = map[string]pipeline.Mounted{"transfers": split[p].lake()["transfers"], "calendar": monthOf(tables["calendar"], p.month)}
	}
	for i := range b.queries {
		q := &b.queries[i]
		if q.Kind != pipeline.RollupQuery {
			continue
		}
		def, _ := pipeline.LookupTable(q.Name)
		m := pipeline.Mounted{Def: def}
		if q.Scope != "month" {
			m.Rows = b.rows(q, tables, nil)
			tables[q.Name] = m
			continue
		}
		for _, p := range order {
			seen := maps.Clone(tables)
			maps.Copy(seen, byScope[p])
			rows := b.rows(q, seen, nil)
			byScope[p][q.Name] = pipeline.Mounted{Def: def, Rows: rows}
			m.Rows = append(m.Rows, rows...)
		}
		tables[q.Name] = m
	}
	return tables
}

// monthOf is the calendar of one month.
func monthOf(calendar pipeline.Mounted, month int) pipeline.Mounted {
	at := slices.IndexFunc(calendar.Def.Columns, func(c pipeline.Column) bool { return c.Name == "month" })
	calendar.Rows = slices.DeleteFunc(slices.Clone(calendar.Rows), func(row []any) bool { return row[at] != int64(month) })
	return calendar
}

// ranges holds rollups and findings with a range to this: the answers for any
// ranges of the key, put one after the other, are the answer for the whole.
func (b *bench) ranges(w *world, tables map[string]pipeline.Mounted) {
	b.t.Helper()
	for i := range b.queries {
		switch q := &b.queries[i]; {
		case q.Range == "":
		case q.Kind == pipeline.FindingQuery:
			b.equal(q.Path+" in ranges", b.rows(q, tables, nil), b.exported(q, b.someRanges(q, w)))
		default:
			b.inRanges(q, w, tables)
		}
	}
}

func (b *bench) inRanges(q *pipeline.Query, w *world, tables map[string]pipeline.Mounted) {
	b.t.Helper()
	var parts [][]any
	for _, r := range b.someRanges(q, w) {
		parts = append(parts, b.rows(q, tables, r)...)
	}
	b.equal(q.Path+" in ranges", b.rows(q, tables, nil), parts)
}

// someRanges are ranges of a query's key that cover every account and person.
func (b *bench) someRanges(q *pipeline.Query, w *world) (out []*pipeline.KeyRange) {
	r := rand.New(rand.NewPCG(b.seed, 3))
	top := int64(len(w.accounts) + len(w.customers)) // no account has a larger key
	for from := int64(0); from < top; {
		to := from + 1 + int64(r.IntN(4))
		out = append(out, &pipeline.KeyRange{Column: q.Range, From: from, To: to})
		from = to
	}
	return append(out, &pipeline.KeyRange{Column: q.Range, From: out[len(out)-1].To, To: 1 << 31})
}

// exported exports a query on the mounted tables in ranges, and reads the file.
func (b *bench) exported(q *pipeline.Query, ranges []*pipeline.KeyRange) [][]any {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "ranges.parquet")
	n, err := b.e.ExportRanges(b.t.Context(), q.SQL, path, ranges)
	if err != nil {
		b.t.Fatalf("world %d: %s: %v", b.seed, q.Path, err)
	}
	none, err := b.e.Select(b.t.Context(), q.SQL, 1)
	if err != nil {
		b.t.Fatalf("world %d: %s: %v", b.seed, q.Path, err)
	}
	b.mount(pipeline.Mounted{Def: pipeline.TableDef{Name: "exported", Columns: none.Columns}, Files: []pipeline.MountedFile{{Path: path}}})
	defer delete(b.mounted, "exported")
	got, err := b.e.Select(b.t.Context(), "SELECT * FROM exported", 0)
	if err != nil || int64(len(got.Values)) != n {
		b.t.Fatalf("world %d: %s: exported %d rows, read %+v: %v", b.seed, q.Path, n, got, err)
	}
	return got.Values
}

// results compares rollups, figures and findings with the truth.
func (b *bench) results(want *truth, tables map[string]pipeline.Mounted) {
	b.t.Helper()
	months := slices.Clone(tables["account_months"].Rows)
	sortRows(months) // they lie by source and month
	b.equal("account_months", want.accountMonths(), months)
	b.equal("account_months at once", want.accountMonths(), b.rows(b.query(pipeline.RollupQuery, "account_months"), tables, nil))
	people := slices.Clone(tables["person_totals"].Rows)
	sortRows(people) // they lie by account
	b.equal("person_totals", want.personTotals(), people)
	var known [][]any
	for p, k := range want.known {
		known = append(known, []any{want.keys[p], k})
	}
	all := slices.Clone(tables["persons"].Rows)
	sortRows(known) // they lie by account
	sortRows(all)
	b.equal("persons", known, all)
	records, items := want.totals()
	before, early := want.beforeFirstPayment()
	for name, row := range map[string][]any{
		"total_records": records, "total_items": items, "affected_persons": want.affected(), "records_per_person": want.perPerson(),
		"busiest_day": want.busiest(), "never_paid_overseas": want.neverPaid(), "before_first_payment": before,
	} {
		b.equal("figure "+name, [][]any{row}, b.rows(b.query(pipeline.FigureQuery, name), tables, nil))
	}
	figures, findings := want.lawFigures()
	figures["recipients_abroad"], figures["population_share"] = want.recipientsAbroad(), want.populationShare()
	for name, rows := range want.splits() {
		b.equal("table "+name, rows, b.rows(b.query(pipeline.TableQuery, name), tables, nil))
	}
	for name, row := range figures {
		b.tell(name, row)
		b.equal("figure "+name, [][]any{row}, b.rows(b.query(pipeline.FigureQuery, name), tables, nil))
	}
	for name, rows := range findings {
		b.equal("finding "+name, rows, b.rows(b.query(pipeline.FindingQuery, name), tables, nil))
	}
	b.equal("finding before_first_payment", early, b.rows(b.query(pipeline.FindingQuery, "before_first_payment"), tables, nil))
	b.equal("finding never_paid_overseas", want.neverPaidFinding(), b.rows(b.query(pipeline.FindingQuery, "never_paid_overseas"), tables, nil))
}

// same compares the rollups of one world whose rows lay in two orders, row by
// row and without sorting: equal inputs give equal bytes.
func (b *bench) same(one, other map[string]pipeline.Mounted) {
	b.t.Helper()
	for _, q := range b.queries {
		if q.Kind == pipeline.RollupQuery {
			b.equal(q.Name+" of shuffled rows", one[q.Name].Rows, other[q.Name].Rows)
		}
	}
}

func (b *bench) equal(what string, want, got [][]any) {
	b.t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		b.t.Errorf("world %d: %s (-want +got)\n%s", b.seed, what, diff)
	}
}
