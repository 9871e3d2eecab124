package enginetest

import (
	"cmp"
	"math/bits"
	"slices"

	"exhibit/pipeline"
)

// source is the source of a record.
func (t *truth) source(r transfer) *source {
	return &t.w.sources[slices.IndexFunc(t.w.sources, func(s source) bool { return s.name == r.source })]
}

// recipient is whom a record names, "" where it names nobody, and the country.
func (t *truth) recipient(r transfer) (name, country string) {
	if r.recipient >= 0 {
		name, country = worldRecipients[r.recipient][0], worldRecipients[r.recipient][1]
	}
	return name, cmp.Or(country, t.source(r).country)
}

func (t *truth) abroad(r transfer) bool {
	_, country := t.recipient(r)
	return country != "" && country != "KR" && country != "kr"
}

// all says whether a text of a consent or a contract covers what is asked.
func all(text, asked string) bool { return text == "" || text == "*" || text == asked }

// inForce says whether a day lies in [from, until).
func inForce(d, from, until pipeline.Day) bool {
	return from <= d && (until == pipeline.NoDay || d < until)
}

// consented says whether a consent of a kind was in force for a record.
func (t *truth) consented(r transfer, kind string) bool {
	name, _ := t.recipient(r)
	return slices.ContainsFunc(t.w.consents, func(c consent) bool {
		return r.account >= 0 && c.account == r.account && c.kind == kind && all(c.recipient, name) && all(c.purpose, t.source(r).purpose) &&
			c.given != pipeline.NoDay && inForce(r.day, c.given, c.until)
	})
}

// itemsWithoutBasis counts those of a record, by a reading of outsourcing.
func (t *truth) itemsWithoutBasis(r transfer, reading string) (n int64) {
	if t.consented(r, "third_party") {
		return 0
	}
	name, _ := t.recipient(r)
	for i, f := range t.source(r).fields {
		covered := slices.ContainsFunc(t.w.contracts, func(c contract) bool {
			return c.sender == t.source(r).sender && c.basis == "outsourcing" && all(c.recipient, name) &&
				all(c.purpose, t.source(r).purpose) && all(c.field, f.name) && inForce(r.day, c.from, c.until)
		})
		if r.fields>>i&1 == 1 && !(covered && reading == "exempt") {
			n++
		}
	}
	return n
}

// unneeded are the fields of a record that its purpose did not need.
func (t *truth) unneeded(r transfer) (names []string) {
	for i, f := range t.source(r).fields {
		if r.fields>>i&1 == 1 && r.day >= t.w.unneededSince && (!f.needed || f.until != pipeline.NoDay && r.day > f.until) {
			names = append(names, f.name)
		}
	}
	return names
}

// ofPayer says whether somebody who counts for a record's account paid.
func (t *truth) ofPayer(r transfer) bool {
	return slices.ContainsFunc(t.subjects(r.account), func(p int) bool { return t.paid[p] != pipeline.NoDay })
}

// status is that of the account on the day of a record.
func (t *truth) status(r transfer) string {
	var owners, joint []customer
	for _, c := range t.w.customers {
		switch {
		case c.account < 0 || c.account != r.account:
		case c.holder == "joint":
			joint = append(joint, c)
		default:
			owners = append(owners, c)
		}
	}
	if len(owners) == 0 {
		owners = joint
	}
	first := func(day func(c customer) pipeline.Day) pipeline.Day {
		d := pipeline.NoDay
		for _, c := range owners {
			if x := day(c); x != pipeline.NoDay {
				d = earlier(d, x)
			}
		}
		return d
	}
	withdrawn := first(func(c customer) pipeline.Day { return c.withdrawn })
	dormant := first(func(c customer) pipeline.Day { return c.dormant })
	switch {
	case r.account < 0:
		return "none"
	case len(owners) == 0:
		return "unknown"
	case withdrawn != pipeline.NoDay && withdrawn < r.day:
		return "former"
	case dormant != pipeline.NoDay && dormant <= r.day:
		return "dormant"
	case first(func(c customer) pipeline.Day { return c.joined }) > r.day:
		return "before_joining"
	}
	return "active"
}

func (t *truth) afterStop(r transfer) bool {
	return t.source(r).stopped != pipeline.NoDay && r.day > t.source(r).stopped
}

// some counts what some records are: records, items as given, and the persons
// with their records, first and last day.
func (t *truth) some(items func(r transfer) int64, in func(r transfer) bool) (records, n int64, persons [][]any) {
	dates := map[int][]pipeline.Day{}
	for _, r := range t.w.transfers {
		if !in(r) {
			continue
		}
		records++
		n += items(r)
		for _, p := range t.subjects(r.account) {
			dates[p] = append(dates[p], r.day)
		}
	}
	for p, days := range dates {
		persons = append(persons, []any{t.keys[p], int64(len(days)), slices.Min(days), slices.Max(days)})
	}
	sortRows(persons)
	return records, n, persons
}

func filled(r transfer) int64 { return int64(bits.OnesCount64(uint64(r.fields))) }

// lawFigures are the figures and findings of consent, contract, need and
// status, by name.
func (t *truth) lawFigures() (figures map[string][]any, findings map[string][][]any) {
	figures, findings = map[string][]any{}, map[string][][]any{}
	without := func(kind string) (records, items int64, persons [][]any) {
		return t.some(filled, func(r transfer) bool { return (kind == "third_party" || t.abroad(r)) && !t.consented(r, kind) })
	}
	shared, sharedItems, sharers := without("third_party")
	moved, movedItems, movers := without("overseas")
	figures["without_consent"] = []any{shared, sharedItems, int64(len(sharers)), moved, movedItems, int64(len(movers))}
	findings["without_consent"] = slices.Concat(withKind(sharers, "third_party"), withKind(movers, "overseas"))
	sortRows(findings["without_consent"])

	reading := func(r transfer) int64 { return t.itemsWithoutBasis(r, t.w.outsourcing) }
	records, items, persons := t.some(reading, func(r transfer) bool { return reading(r) > 0 })
	figures["without_basis"], findings["without_basis"] = []any{records, items, int64(len(persons))}, persons

	for name, status := range map[string]string{"former_customers": "former", "dormant_customers": "dormant", "before_joining": "before_joining"} {
		records, _, persons := t.some(filled, func(r transfer) bool { return t.status(r) == status })
		figures[name], findings[name] = []any{records, int64(len(persons))}, persons
	}

	records, items, persons = t.some(filled, t.afterStop)
	days := map[pipeline.Day]bool{}
	for _, r := range t.w.transfers {
		if t.afterStop(r) {
			days[r.day] = true
		}
	}
	figures["after_stop"], findings["after_stop"] = []any{records, items, int64(len(persons)), int64(len(days))}, persons

	need := func(payers bool) func(r transfer) int64 {
		return func(r transfer) int64 {
			if t.ofPayer(r) != payers {
				return 0
			}
			return int64(len(t.unneeded(r)))
		}
	}
	anything := func(r transfer) bool { return len(t.unneeded(r)) > 0 }
	_, ofPayers, _ := t.some(need(true), anything)
	records, ofOthers, persons := t.some(need(false), anything)
	figures["unneeded_items"] = []any{ofPayers, ofOthers, records, int64(len(persons))}
	return figures, findings
}

// withKind puts a kind after the person of each row.
func withKind(rows [][]any, kind string) [][]any {
	out := make([][]any, len(rows))
	for i, row := range rows {
		out[i] = slices.Concat(row[:1], []any{kind}, row[1:])
	}
	return out
}
