package enginetest

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"exhibit/pipeline"
)

// personTables are what person_totals is made of, in the order of its needs.
var personTables = [4]string{"account_totals", "shared_accounts", "shared_totals", "known_holders"}

// personsExample puts the accounts of the example of person_totals together.
func (l *tallyBench) personsExample(queries []pipeline.Query, fsys fs.FS) {
	l.t.Helper()
	for i := range queries {
		if q := &queries[i]; q.Kind == pipeline.RollupQuery && (q.Name == "person_totals" || slices.Contains(personTables[:], q.Name)) {
			l.queries[q.Name] = q
		}
	}
	q := l.queries["person_totals"]
	data, err := fs.ReadFile(fsys, "rollup/person_totals.txtar")
	if err != nil {
		l.t.Fatal(err)
	}
	ex, err := readExample(data)
	if err != nil {
		l.t.Fatal(err)
	}
	for i := range ex.scenarios {
		tables, err := ex.scenarios[i].mounted(q)
		if err != nil {
			l.t.Fatal(err)
		}
		got := l.sumRows("person_totals", l.personTotals(l.personFiles(tables, 2), 0, 1<<31))
		if diff := cmp.Diff(writeCells(ex.scenarios[i].want), writeCells(shown(got))); diff != "" {
			l.t.Errorf("person_totals: scenario %q (-want +got)\n%s", ex.scenarios[i].name, diff)
		}
	}
}

// persons makes up accounts, many of them shared, and compares what the tally
// makes of them with the SQL: at once, and in ranges of accounts.
func (l *tallyBench) persons() {
	l.t.Helper()
	r := rand.New(rand.NewPCG(l.seed, 6))
	tables := madePersons(r)
	for _, m := range tables {
		l.mount(m)
	}
	want, err := l.e.Select(l.t.Context(), l.queries["person_totals"].SQL, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	files := l.personFiles(tables, int64(r.IntN(60_000)))
	whole := l.personTotals(files, 0, 1<<31)
	if diff := cmp.Diff(want.Values, l.sumRows("person_totals", whole).Values, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("persons %d (-SQL +tally)\n%s", l.seed, diff)
	}
	if !bytes.Equal(l.read(whole), l.read(l.personTotals(l.personFiles(tables, 1), 0, 1<<31))) {
		l.t.Errorf("persons %d: other bytes of other files", l.seed)
	}
	middle := int64(r.IntN(60_000))
	parts := l.sumRows("person_totals", l.personTotals(files, 0, middle), l.personTotals(files, middle, 1<<31))
	if diff := cmp.Diff(want.Values, parts.Values, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("persons %d in ranges (-SQL +tally)\n%s", l.seed, diff)
	}
}

// madePersons makes up the four tables. Accounts are held by nobody whom a
// customer table names, by one person, by two, or with others by one.
func madePersons(r *rand.Rand) (tables []pipeline.Mounted) {
	rows := map[string][][]any{}
	add := func(table string, row ...any) { rows[table] = append(rows[table], row) }
	sum := func() []any {
		first := pipeline.Day(19_000 + r.IntN(1000))
		return []any{1 + r.Int64N(1<<40), r.Int64N(1 << 40), 1 + r.Int64N(3000), first, first + pipeline.Day(r.IntN(9))}
	}
	top := int64(1<<31 - 1)
	for account := int64(r.IntN(3)); account < 50_000; account += 1 + int64(r.IntN(1+r.IntN(20))) {
		sent := r.IntN(4) > 0
		if sent {
			add("account_totals", append([]any{account}, sum()...)...)
		}
		persons := []int64{account}
		switch r.IntN(12) {
		case 0: // unknown
			continue
		case 1: // joint
			top--
			persons = append(persons, top)
		case 2: // another account of a person before
			persons = []int64{account / 2}
		default:
			add("known_holders", account, account, account, "owner", true)
			continue
		}
		for i, p := range persons {
			add("known_holders", account, p, account, "owner", i == 0)
			add("shared_accounts", account, p)
			if sent && r.IntN(2) == 0 {
				add("shared_totals", slices.Concat([]any{p, account}, sum(), []any{1 + r.Int64N(5)})...)
			}
		}
	}
	for _, name := range personTables {
		def, _ := pipeline.LookupTable(name)
		tables = append(tables, pipeline.Mounted{Def: def, Rows: rows[name]})
	}
	return tables
}

// personFiles writes each table as the lake has it, the totals of accounts in
// two files. Row groups are small where the rows are many.
func (l *tallyBench) personFiles(tables []pipeline.Mounted, middle int64) (files [4][]string) {
	l.t.Helper()
	dir := l.t.TempDir()
	for i, m := range tables {
		l.mount(m)
		wheres := []string{"TRUE"}
		if m.Def.Name == "account_totals" {
			wheres = []string{fmt.Sprint("account_key < ", middle), fmt.Sprint("account_key >= ", middle)}
		}
		for n, where := range wheres {
			path := filepath.Join(dir, fmt.Sprintf("%s-%d.parquet", m.Def.Name, n))
			order := "account_key"
			if m.Def.Name != "account_totals" {
				order += ", person_key"
			}
			if _, err := l.e.Export(l.t.Context(), fmt.Sprintf("SELECT * FROM %s WHERE %s ORDER BY %s", m.Def.Name, where, order), path); err != nil {
				l.t.Fatal(err)
			}
			files[i] = append(files[i], path)
		}
	}
	return files
}

// personTotals has the tally make a file of its own.
func (l *tallyBench) personTotals(files [4][]string, from, to int64) string {
	l.t.Helper()
	out := filepath.Join(l.t.TempDir(), "persons.parquet")
	_, err := l.tally.Persons(l.t.Context(), pipeline.PersonsJob{Totals: files[0], Shared: files[1], SharedTotals: files[2], Holders: files[3],
		From: from, To: to, Out: out})
	if err != nil {
		l.t.Fatalf("persons %d: %v", l.seed, err)
	}
	return out
}
