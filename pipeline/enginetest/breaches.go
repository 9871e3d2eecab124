package enginetest

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"exhibit/pipeline"
)

// breachTables are what account_breaches is added up of, in the order of its
// needs.
var breachTables = [3]string{"account_months", "consent_days", "contract_days"}

// breachesOf writes the tables as the lake has them, by source and month, the
// consents in several files by account.
func (l *tallyBench) breachesOf(months []pipeline.FlowsMonth, consents, contracts [][]any) (out []pipeline.BreachesMonth) {
	l.t.Helper()
	for _, m := range months {
		b := pipeline.BreachesMonth{Source: m.Source, Month: m.Month, Sent: []string{m.Path}}
		of := func(rows [][]any, source, month int) (some [][]any) {
			for _, row := range rows {
				if row[source] == m.Source && row[month] == int64(m.Month) {
					some = append(some, row)
				}
			}
			return some
		}
		if rows := of(contracts, 0, 3); len(rows) > 0 {
			b.Contracts = []string{l.export("contract_days", rows, "TRUE")}
		}
		if rows := of(consents, 1, 3); len(rows) > 0 {
			middle := rows[len(rows)/2][0]
			b.Consents = []string{l.export("consent_days", rows, fmt.Sprint("account_key >= ", middle)),
				l.export("consent_days", rows, fmt.Sprint("account_key < ", middle))}
		}
		out = append(out, b)
	}
	return out
}

// export writes rows of a table that fulfil a condition, in the order of keys.
func (l *tallyBench) export(table string, rows [][]any, where string) string {
	l.t.Helper()
	def, _ := pipeline.LookupTable(table)
	l.mount(pipeline.Mounted{Def: def, Rows: rows})
	order := "recipient_key NULLS LAST"
	if def.Columns[0].Name == "account_key" {
		order = "account_key, " + order
	}
	path := filepath.Join(l.t.TempDir(), table+".parquet")
	if _, err := l.e.Export(l.t.Context(), fmt.Sprintf("SELECT * FROM %s WHERE %s ORDER BY %s", table, where, order), path); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// madeBreaches makes up consents and contracts for months: contracts that
// change within a month, and leave out a day now and then; consents of some
// accounts, for some recipients.
func (l *tallyBench) madeBreaches(r *rand.Rand, months []pipeline.FlowsMonth) []pipeline.BreachesMonth {
	l.t.Helper()
	var consents, contracts [][]any
	table, _ := pipeline.LookupTable("account_months")
	for _, m := range months {
		l.mount(pipeline.Mounted{Def: table, Files: []pipeline.MountedFile{{Path: m.Path}}})
		recipients := l.selected("SELECT DISTINCT recipient_key FROM account_months ORDER BY recipient_key")
		for _, row := range recipients {
			abroad, left := r.IntN(2) == 0, int64(r.Uint32()|r.Uint32()|r.Uint32())&(1<<31-1)
			for fields := range int64(1 + r.IntN(4)) {
				days := left & int64(r.Uint32())
				left &^= days
				contracts = append(contracts, []any{m.Source, row[0], abroad, int64(m.Month), fields * 5, days})
			}
			contracts = append(contracts, []any{m.Source, row[0], abroad, int64(m.Month), int64(127), left})
		}
		for _, row := range l.selected("SELECT DISTINCT account_key, recipient_key FROM account_months ORDER BY account_key, recipient_key") {
			if r.IntN(3) == 0 {
				given := func() int64 { return int64([...]uint32{0, r.Uint32() >> 1, 1<<31 - 1}[r.IntN(3)]) }
				consents = append(consents, []any{row[0], m.Source, row[1], int64(m.Month), given(), given()})
			}
		}
	}
	return l.breachesOf(months, consents, contracts)
}

func (l *tallyBench) selected(text string) [][]any {
	l.t.Helper()
	rows, err := l.e.Select(l.t.Context(), text, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	return rows.Values
}

// mountBreaches mounts consents and contracts for the SQL.
func (l *tallyBench) mountBreaches(months []pipeline.BreachesMonth) {
	l.t.Helper()
	for i, name := range breachTables[1:] {
		def, _ := pipeline.LookupTable(name)
		m := pipeline.Mounted{Def: def}
		for _, b := range months {
			for _, path := range [][]string{b.Consents, b.Contracts}[i] {
				m.Files = append(m.Files, pipeline.MountedFile{Path: path})
			}
		}
		l.mount(m)
	}
}
