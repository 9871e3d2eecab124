package enginetest

import (
	"math/rand/v2"

	"exhibit/pipeline"
)

// law is what of a world says who was allowed what: sources with purposes and
// fields, recipients in countries, consents that overlap, stay open or never
// begin, and contracts by field.
type law struct {
	outsourcing           string // reading
	unneededSince         pipeline.Day
	population, bulkTimes int64
	sources               []source
	consents              []consent
	contracts             []contract
}

type source struct {
	name, sender, country, purpose string
	stopped                        pipeline.Day
	fields                         []field // the i-th has bit 1<<i
}

type field struct {
	name   string
	needed bool
	until  pipeline.Day
}

type consent struct {
	account                  int // -1: none
	kind, recipient, purpose string
	given, until             pipeline.Day
}

type contract struct {
	sender, basis, recipient, purpose, field string
	from, until                              pipeline.Day
}

// worldRecipients are name and country, by key.
var worldRecipients = [][2]string{{"alipay", "CN"}, {"shop", ""}, {"corner", "kr"}}

// anyDay is a day in or around the span, or none: often the first or the last
// of a month, or the day of one of the records that are asked for, one more or
// one less.
func (w *world) anyDay(r *rand.Rand, of func(t transfer) bool) pipeline.Day {
	d := w.span.From - 15 + pipeline.Day(r.IntN(w.span.Days()+30))
	switch r.IntN(8) {
	case 0:
		return pipeline.NoDay
	case 1:
		return d - pipeline.Day(d.Time().Day()-1+r.IntN(2))
	case 2:
		return d
	case 3:
		return w.span.From - 1 // which the calendar does not have
	}
	first := r.IntN(len(w.transfers) + 1)
	for i := range w.transfers {
		if t := w.transfers[(first+i)%len(w.transfers)]; of(t) {
			return t.day + pipeline.Day(r.IntN(3)-1)
		}
	}
	return d
}

func anyRecord(transfer) bool { return true }

func ofAccount(account int) func(t transfer) bool {
	return func(t transfer) bool { return t.account == account }
}

func ofSource(name string) func(t transfer) bool {
	return func(t transfer) bool { return t.source == name }
}

func newLaw(r *rand.Rand, w *world) law {
	l := law{outsourcing: pick(r, "needs_consent", "exempt"), unneededSince: w.anyDay(r, anyRecord), population: int64(r.IntN(30)), // 0: none

		bulkTimes: int64(1 + r.IntN(3))}
	for _, s := range []source{
		{name: "daily", sender: "pay", purpose: "score"}, {name: "weekly", sender: pick(r, "pay", "bank"), country: "US"},
	} {
		if s.stopped = pipeline.NoDay; r.IntN(2) == 0 {
			s.stopped = w.anyDay(r, ofSource(s.name))
		}
		for _, name := range []string{"account", "phone", "name"} {
			s.fields = append(s.fields, field{name, r.IntN(3) > 0, pipeline.NoDay})
			if r.IntN(2) == 0 {
				s.fields[len(s.fields)-1].until = w.anyDay(r, ofSource(s.name))
			}
		}
		l.sources = append(l.sources, s)
	}
	for range r.IntN(6 * len(w.accounts)) {
		account := r.IntN(len(w.accounts)+1) - 1
		l.consents = append(l.consents, consent{
			account:   account,
			kind:      pick(r, "third_party", "third_party", "overseas", "marketing"),
			recipient: pick(r, "", "*", "alipay", "shop", "corner", "nobody"),
			purpose:   pick(r, "", "*", "score", "score", "delivery"),
		})
		c := &l.consents[len(l.consents)-1]
		c.given, c.until = w.interval(r, ofAccount(account))
	}
	for range r.IntN(16) {
		l.contracts = append(l.contracts, contract{
			sender:    pick(r, "pay", "pay", "pay", "bank"),
			basis:     pick(r, "outsourcing", "outsourcing", "outsourcing", "provision"),
			recipient: pick(r, "", "*", "alipay", "shop", "nobody"),
			purpose:   pick(r, "", "*", "score", "score", "delivery"),
			field:     pick(r, "", "*", "account", "phone", "name", "nothing"),
		})
		c := &l.contracts[len(l.contracts)-1]
		c.from, c.until = w.interval(r, anyRecord)
	}
	return l
}

// interval is two days, rarely the later one first, so that most hold.
func (w *world) interval(r *rand.Rand, of func(t transfer) bool) (from, until pipeline.Day) {
	from, until = w.anyDay(r, of), w.anyDay(r, of)
	if until != pipeline.NoDay && until < from && r.IntN(8) > 0 {
		return until, from
	}
	return from, until
}

// lake adds the law's tables.
func (l *law) lake(add func(name string, n int, at func(i int) map[string]any)) {
	add("sources", len(l.sources)+1, func(i int) map[string]any {
		if i == len(l.sources) {
			return map[string]any{"source": "customers", "kind": "customers", "sender": "pay", "recipient": "", "country": ""}
		}
		s := l.sources[i]
		return map[string]any{"source": s.name, "kind": "transfers", "sender": s.sender, "recipient": "", "country": s.country,
			"purpose": s.purpose, "stopped_on": s.stopped}
	})
	add("recipients", len(worldRecipients), func(i int) map[string]any {
		return map[string]any{"recipient_key": int64(i), "recipient": worldRecipients[i][0], "country": worldRecipients[i][1]}
	})
	const perSource = 4 // its fields and one that is no item
	add("fields", perSource*len(l.sources)+1, func(i int) map[string]any {
		if i == perSource*len(l.sources) {
			return map[string]any{"source": "customers", "field": "grade", "bit": int64(1), "needed": false}
		}
		s := l.sources[i/perSource]
		if i%perSource == perSource-1 {
			return map[string]any{"source": s.name, "field": "note", "bit": int64(0), "needed": false}
		}
		f := s.fields[i%perSource]
		return map[string]any{"source": s.name, "field": f.name, "bit": int64(1) << (i % perSource), "needed": f.needed, "needed_until": f.until}
	})
	add("consents", len(l.consents), func(i int) map[string]any {
		c := l.consents[i]
		return map[string]any{"account_key": key(c.account), "kind": c.kind, "recipient": orNull(c.recipient), "purpose": orNull(c.purpose),
			"given_on": c.given, "until_on": c.until}
	})
	add("contracts", len(l.contracts), func(i int) map[string]any {
		c := l.contracts[i]
		return map[string]any{"sender": c.sender, "basis": c.basis, "recipient": orNull(c.recipient), "purpose": orNull(c.purpose),
			"field": orNull(c.field), "from_on": c.from, "until_on": c.until}
	})
}
