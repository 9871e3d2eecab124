package enginetest

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"exhibit/pipeline"
)

// truth is what the definitions say about a world, worked out record by record
// and as plainly as possible: no months, no bits, no ranges.
type truth struct {
	w         *world
	personOf  map[int][]int          // account → everyone who holds it
	owner     map[int]int            // account → its owner
	known     []bool                 // person → in a customer table
	keys      []int64                // person → person_key
	paid      []pipeline.Day         // person → first payment in the reading, or NoDay
	paidOther []pipeline.Day         // the same in the other reading
	records   map[int]int64          // person → records; only people who were sent
	dates     map[int][]pipeline.Day // person → day of each record
}

func newTruth(w *world) *truth {
	t := &truth{w: w, personOf: map[int][]int{}, owner: map[int]int{}, records: map[int]int64{}, dates: map[int][]pipeline.Day{}}
	t.people()
	t.payments()
	for _, r := range w.transfers {
		for _, p := range t.subjects(r.account) {
			t.records[p]++
			t.dates[p] = append(t.dates[p], r.day)
		}
	}
	return t
}

// people numbers the persons and says who holds what.
func (t *truth) people() {
	type person struct {
		id    string
		own   int // account of a person without an id; -1 otherwise
		first int
	}
	type hold struct {
		account int
		id      string
	}
	owns := map[hold]bool{}
	named := map[int]bool{}
	for _, c := range t.w.customers {
		if c.account >= 0 {
			named[c.account] = true
			owns[hold{c.account, c.person}] = owns[hold{c.account, c.person}] || c.holder != "joint"
		}
	}
	for a := range t.w.accounts {
		if !named[a] {
			owns[hold{a, ""}] = true
		}
	}
	var persons []person
	var others int64 // who have not the key of their first account
	find := func(h hold) int {
		return slices.IndexFunc(persons, func(p person) bool {
			return p.id == h.id && (h.id != "" || p.own == h.account)
		})
	}
	for a := range t.w.accounts { // ascending, so that first is the smallest
		for _, id := range []string{"P1", "P2", "P3", "P4", ""} {
			if _, held := owns[hold{a, id}]; held && find(hold{a, id}) < 0 {
				own := -1
				if id == "" {
					own = a
				}
				if n := len(persons); n > 0 && persons[n-1].first == a {
					others++
					t.keys = append(t.keys, math.MaxInt32-others)
				} else {
					t.keys = append(t.keys, int64(a))
				}
				persons = append(persons, person{id, own, a})
				t.known = append(t.known, named[a])
			}
		}
	}
	for h := range owns {
		t.personOf[h.account] = append(t.personOf[h.account], find(h))
	}
	for a, people := range t.personOf {
		slices.Sort(people)
		t.owner[a] = people[0]
		for _, p := range slices.Backward(people) {
			if owns[hold{a, persons[p].id}] {
				t.owner[a] = p
			}
		}
	}
}

// subjects are those who count for an account.
func (t *truth) subjects(account int) []int {
	switch {
	case account < 0:
		return nil
	case t.w.holders == "all":
		return t.personOf[account]
	}
	return []int{t.owner[account]}
}

func (t *truth) payments() {
	t.paid = slices.Repeat([]pipeline.Day{pipeline.NoDay}, len(t.known))
	t.paidOther = slices.Clone(t.paid)
	for _, p := range t.w.payments {
		if p.day == pipeline.NoDay {
			continue
		}
		settled := p.status != "cancelled"
		for _, s := range t.subjects(p.account) {
			if settled || t.w.overseas == "any" {
				t.paid[s] = earlier(t.paid[s], p.day)
			}
			if settled || t.w.overseas != "any" {
				t.paidOther[s] = earlier(t.paidOther[s], p.day)
			}
		}
	}
}

func earlier(a, b pipeline.Day) pipeline.Day {
	if a == pipeline.NoDay || b < a {
		return b
	}
	return a
}

// accountMonths is the rollup of that name.
func (t *truth) accountMonths() [][]any {
	type group struct {
		account, recipient, month int
		source                    string
		fields                    int64
	}
	perDay := map[group]map[pipeline.Day]int64{}
	for _, r := range t.w.transfers {
		g := group{r.account, r.recipient, r.day.Month(), r.source, r.fields}
		if perDay[g] == nil {
			perDay[g] = map[pipeline.Day]int64{}
		}
		perDay[g][r.day]++
	}
	var rows [][]any
	for g, days := range perDay {
		masks := map[int64]int64{}
		for d, n := range days {
			masks[n] |= 1 << (d.Time().Day() - 1)
		}
		for n, mask := range masks {
			if g.account >= 0 {
				rows = append(rows, []any{int64(g.account), g.source, key(g.recipient), int64(g.month), g.fields, n, mask, n * int64(bits.OnesCount64(uint64(mask)))})
			}
		}
	}
	sortRows(rows)
	return rows
}

// personTotals is the rollup of that name.
func (t *truth) personTotals() [][]any {
	var rows [][]any
	for p := range t.known {
		if t.records[p] == 0 {
			continue
		}
		var items int64
		accounts, days := map[int]bool{}, map[pipeline.Day]bool{}
		for _, r := range t.w.transfers {
			if slices.Contains(t.subjects(r.account), p) {
				items += int64(bits.OnesCount64(uint64(r.fields)))
				accounts[r.account], days[r.day] = true, true
			}
		}
		rows = append(rows, []any{t.keys[p], t.records[p], items, int64(len(days)), slices.Min(t.dates[p]), slices.Max(t.dates[p]), int64(len(accounts)), t.known[p]})
	}
	sortRows(rows)
	return rows
}

// neverPaid is the figure of that name.
func (t *truth) neverPaid() []any {
	count := func(paid []pipeline.Day) (persons, records int64) {
		for p := range t.records {
			if paid[p] == pipeline.NoDay {
				persons++
			}
		}
		for _, r := range t.w.transfers {
			if slices.ContainsFunc(t.subjects(r.account), func(p int) bool { return paid[p] == pipeline.NoDay }) {
				records++
			}
		}
		return persons, records
	}
	persons, records := count(t.paid)
	personsOther, recordsOther := count(t.paidOther)
	return []any{persons, records, personsOther, recordsOther}
}

// before says whether a day lies before the first payment of a person who paid.
func (t *truth) before(p int, d pipeline.Day) bool {
	return t.paid[p] != pipeline.NoDay && d < t.paid[p]
}

// beforeFirstPayment is the figure of that name, and the finding.
func (t *truth) beforeFirstPayment() (figure []any, finding [][]any) {
	var records int64
	for _, r := range t.w.transfers {
		if slices.ContainsFunc(t.subjects(r.account), func(p int) bool { return t.before(p, r.day) }) {
			records++
		}
	}
	for p := range t.known {
		var days []pipeline.Day
		for _, d := range t.dates[p] {
			if t.before(p, d) {
				days = append(days, d)
			}
		}
		if len(days) > 0 {
			finding = append(finding, []any{t.keys[p], int64(len(days)), slices.Min(days), slices.Max(days)})
		}
	}
	sortRows(finding)
	return []any{int64(len(finding)), records}, finding
}

// neverPaidFinding is the finding never_paid_overseas.
func (t *truth) neverPaidFinding() (rows [][]any) {
	for p := range t.known {
		if t.records[p] > 0 && t.paid[p] == pipeline.NoDay {
			rows = append(rows, []any{t.keys[p], t.records[p], slices.Min(t.dates[p]), slices.Max(t.dates[p])})
		}
	}
	sortRows(rows)
	return rows
}

// affected is the figure affected_persons.
func (t *truth) affected() []any {
	var unknown, records int64
	for p, n := range t.records {
		if !t.known[p] {
			unknown++
			records += n
		}
	}
	return []any{int64(len(t.records)), unknown, records}
}

// perPerson is the figure records_per_person.
func (t *truth) perPerson() []any {
	var counts []int64
	for _, n := range t.records {
		counts = append(counts, n)
	}
	if len(counts) == 0 {
		return []any{int64(0), int64(0), int64(0)}
	}
	slices.Sort(counts)
	return []any{counts[0], counts[(len(counts)-1)/2], counts[len(counts)-1]}
}

// totals are the figures total_records and total_items.
func (t *truth) totals() (records, items []any) {
	var without, n int64
	for _, r := range t.w.transfers {
		if r.account < 0 {
			without++
		}
		n += int64(bits.OnesCount64(uint64(r.fields)))
	}
	return []any{int64(len(t.w.transfers)), without}, []any{n}
}

// busiest is the figure busiest_day.
func (t *truth) busiest() []any {
	days := map[pipeline.Day]int64{}
	for _, r := range t.w.transfers {
		days[r.day]++
	}
	var best any
	var most int64
	for d, n := range days {
		if n > most || n == most && d < best.(pipeline.Day) {
			best, most = d, n
		}
	}
	return []any{best, most}
}

// sortRows sorts rows by their columns, in order, NULL last.
func sortRows(rows [][]any) {
	slices.SortFunc(rows, func(a, b []any) int {
		for i := range a {
			var c int
			switch v := a[i].(type) {
			case nil:
				if b[i] != nil {
					c = 1
				}
			case int64:
				c = compared(v, b[i])
			case string:
				c = compared(v, b[i])
			case pipeline.Day:
				c = compared(v, b[i])
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

// compared puts NULL last.
func compared[T cmp.Ordered](a T, b any) int {
	if b == nil {
		return -1
	}
	return cmp.Compare(a, b.(T))
}
