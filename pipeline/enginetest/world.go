package enginetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"exhibit/pipeline"
)

// world is a small made-up case, with every trap that the rollups and figures
// must get right: several records a day, field combinations, overlapping
// sources, joint and unknown accounts, people under several senders, cancelled
// and undated payments, payments on days that the calendar does not have.
type world struct {
	span              pipeline.DayRange
	holders, overseas string // readings
	accounts          []account
	transfers         []transfer
	customers         []customer
	payments          []payment
	law
}

type account struct{ sender, id string }

type transfer struct {
	source    string
	day       pipeline.Day
	file      string
	account   int // -1: none
	recipient int // -1: none
	fields    int64
}

type customer struct {
	account int    // -1: none
	person  string // "": none
	holder  string // "": not said

	joined, dormant, withdrawn pipeline.Day
}

type payment struct {
	account int // -1: none
	day     pipeline.Day
	status  string
}

// newWorld makes the same world from the same seed.
func newWorld(seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	from := january().From + pipeline.Day(r.IntN(40))
	w := &world{
		span:     pipeline.DayRange{From: from, To: from + 30 + pipeline.Day(r.IntN(60))},
		holders:  pick(r, "owner", "all"),
		overseas: pick(r, "settled", "any"),
	}
	for i := range 2 + r.IntN(12) {
		w.accounts = append(w.accounts, account{pick(r, "pay", "bank"), fmt.Sprintf("id-%d", i)})
	}
	days := w.span.Days()
	for range r.IntN(300) {
		t := transfer{
			source:    pick(r, "daily", "weekly"),
			day:       w.span.From + pipeline.Day(r.IntN(days)),
			account:   r.IntN(len(w.accounts)+1) - 1,
			recipient: r.IntN(len(worldRecipients)+1) - 1,
			fields:    int64(r.IntN(8)),
		}
		if first := t.day - pipeline.Day(t.day.Time().Day()-1); r.IntN(4) == 0 && first > w.span.From {
			t.day = first - pipeline.Day(r.IntN(2)) // the first or the last day of a month
		}
		if r.IntN(10) == 0 {
			t.day = w.span.From
		}
		if r.IntN(50) == 0 {
			t.day += pipeline.Day(days) + 40 // outside the span, with a gap before it
		}
		t.file = fmt.Sprintf("%s-%d-%d", t.source, t.day, r.IntN(2))
		for range 1 + r.IntN(3)*r.IntN(2) {
			w.transfers = append(w.transfers, t)
		}
	}
	for range r.IntN(2 * len(w.accounts)) {
		account := r.IntN(len(w.accounts)+1) - 1
		w.customers = append(w.customers, customer{
			account: account,
			person:  pick(r, "", "P1", "P2", "P3", "P4"),
			holder:  pick(r, "", "owner", "owner", "joint"),
			joined:  w.anyDay(r, ofAccount(account)), dormant: w.anyDay(r, ofAccount(account)), withdrawn: w.anyDay(r, ofAccount(account)),
		})
	}
	for range r.IntN(2 * len(w.accounts)) {
		p := payment{account: r.IntN(len(w.accounts)+1) - 1, status: pick(r, "settled", "settled", "cancelled", "")}
		p.day = w.span.From - 5 + pipeline.Day(r.IntN(days+60))
		if r.IntN(10) == 0 {
			p.day = pipeline.NoDay
		}
		w.payments = append(w.payments, p)
	}
	w.law = newLaw(r, w)
	return w
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// shuffled is the same world with its rows in another order.
func (w *world) shuffled(seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 2))
	other := *w
	other.transfers, other.customers, other.payments = slices.Clone(w.transfers), slices.Clone(w.customers), slices.Clone(w.payments)
	other.consents, other.contracts = slices.Clone(w.consents), slices.Clone(w.contracts)
	r.Shuffle(len(w.consents), func(i, j int) {
		other.consents[i], other.consents[j] = other.consents[j], other.consents[i]
	})
	r.Shuffle(len(w.contracts), func(i, j int) {
		other.contracts[i], other.contracts[j] = other.contracts[j], other.contracts[i]
	})
	r.Shuffle(len(w.transfers), func(i, j int) {
		other.transfers[i], other.transfers[j] = other.transfers[j], other.transfers[i]
	})
	r.Shuffle(len(w.customers), func(i, j int) {
		other.customers[i], other.customers[j] = other.customers[j], other.customers[i]
	})
	r.Shuffle(len(w.payments), func(i, j int) {
		other.payments[i], other.payments[j] = other.payments[j], other.payments[i]
	})
	return &other
}

// row puts named values into the columns of a table; the others are NULL.
func row(def pipeline.TableDef, values map[string]any) []any {
	out := make([]any, len(def.Columns))
	for i, c := range def.Columns {
		out[i] = values[c.Name]
	}
	return out
}

// key gives an account as a value of a table.
func key(account int) any {
	if account < 0 {
		return nil
	}
	return int64(account)
}

// orNone gives a number as a value of a table, 0 as NULL.
func orNone(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// orNull gives a text as a value of a table.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// lake gives the tables that a case has before any rollup.
func (w *world) lake() map[string]pipeline.Mounted {
	tables := map[string]pipeline.Mounted{}
	add := func(name string, n int, at func(i int) map[string]any) {
		def, _ := pipeline.LookupTable(name)
		m := pipeline.Mounted{Def: def}
		for i := range n {
			m.Rows = append(m.Rows, row(def, at(i)))
		}
		tables[name] = m
	}
	add("account_ids", len(w.accounts), func(i int) map[string]any {
		return map[string]any{"account_key": int64(i), "sender": w.accounts[i].sender, "account_id": w.accounts[i].id}
	})
	add("transfers", len(w.transfers), func(i int) map[string]any {
		t := w.transfers[i]
		return map[string]any{"source": t.source, "transfer_date": t.day, "file_id": t.file, "account_key": key(t.account), "recipient_key": key(t.recipient), "fields": t.fields}
	})
	add("customers", len(w.customers), func(i int) map[string]any {
		c := w.customers[i]
		return map[string]any{"source": "customers", "account_key": key(c.account), "person_id": orNull(c.person), "holder": orNull(c.holder),
			"joined_on": c.joined, "dormant_from": c.dormant, "withdrawn_on": c.withdrawn}
	})
	add("overseas_payments", len(w.payments), func(i int) map[string]any {
		p := w.payments[i]
		return map[string]any{"source": "payments", "account_key": key(p.account), "paid_on": p.day, "status": orNull(p.status)}
	})
	add("params", 1, func(int) map[string]any {
		return map[string]any{"span_from": w.span.From, "span_to": w.span.To, "holders": w.holders, "overseas_payment": w.overseas,
			"outsourcing": w.outsourcing, "unneeded_since": w.unneededSince, "population": orNone(w.population), "bulk_times": w.bulkTimes,
			"home_country": "KR"}
	})
	w.law.lake(add)
	def, _ := pipeline.LookupTable("calendar")
	days := map[pipeline.Day]bool{}
	for d := w.span.From; d <= w.span.To; d++ {
		days[d] = true
	}
	for _, t := range w.transfers {
		days[t.day] = true
	}
	tables["calendar"] = pipeline.Mounted{Def: def, Rows: calendarRows(days, w.span)}
	return tables
}

// part is one source and month of transfers.
type part struct {
	source string
	month  int
}

// parts splits the transfers by source and month, in order.
func (w *world) parts() ([]part, map[part]*world) {
	split := map[part]*world{}
	for _, t := range w.transfers {
		p := part{t.source, t.day.Month()}
		if split[p] == nil {
			only := *w
			only.transfers = nil
			split[p] = &only
		}
		split[p].transfers = append(split[p].transfers, t)
	}
	var order []part
	for p := range split {
		order = append(order, p)
	}
	slices.SortFunc(order, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.month, b.month))
	})
	return order, split
}
