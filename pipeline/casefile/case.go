package casefile

import (
	"math"
	"regexp"

	"go.yaml.in/yaml/v3"

	"exhibit/pipeline"
)

// name is what a case or a source may be called: it becomes a folder of the
// lake and a part of a table's name.
var name = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

const nameHint = "a-z, 0-9, - and _, at most 64, beginning with a letter or digit"

var caseKeys = []string{"case", "title", "span", "stopped", "population", "home_country", "definitions", "limits", "sources", "claims"}

func (r *reader) readCase(root *yaml.Node) *pipeline.Case {
	s := r.section(root, "the file", caseKeys)
	if s == nil {
		return nil
	}
	c := &pipeline.Case{
		Definitions: pipeline.DefaultDefinitions(),
		HomeCountry: "KR",
		Limits:      pipeline.Limits{RejectedPerMillion: 10_000, BulkTimes: 3},
	}
	s.need("case", "case: NAME")
	c.Name = s.name("case")
	c.Title = r.title(s.at("title"), c.Name)
	if n := s.need("span", "span: {from: YYYY-MM-DD, to: YYYY-MM-DD}"); n != nil {
		c.Span = r.span(n)
	}
	if n := s.at("population"); n != nil {
		c.Population = r.population(n)
	}
	if n := s.at("definitions"); n != nil {
		r.definitions(n, &c.Definitions)
	}
	if n := s.at("limits"); n != nil {
		if l := r.section(n, "limits", []string{"rejected_per_million", "bulk_times"}); l != nil {
			c.Limits.RejectedPerMillion = l.integer("rejected_per_million", c.Limits.RejectedPerMillion, 0, 1_000_000)
			c.Limits.BulkTimes = l.integer("bulk_times", c.Limits.BulkTimes, 2, 1_000_000)
		}
	}
	if s.has("home_country") {
		if c.HomeCountry = s.text("home_country"); !isCountry(c.HomeCountry) {
			r.fail(s.at("home_country"), "two capital letters (ISO 3166-1), such as KR", "home_country %q is no country code", c.HomeCountry)
		}
	}
	if n := s.need("sources", "a case has at least one source of files"); n != nil {
		c.Sources = r.sources(n)
	}
	if n := s.at("stopped"); n != nil {
		c.Stopped = r.stopped(n, c)
	}
	if n := s.at("claims"); n != nil {
		c.Claims = r.claims(n)
	}
	return c
}

// name reads a key that names a case or a source.
func (s *section) name(key string) string {
	t := s.text(key)
	if t != "" && !name.MatchString(t) {
		s.r.fail(s.at(key), nameHint, "%s is no name", quote(t))
	}
	return t
}

// title is a text or {en, ko}. What is not given in English is taken from the
// Korean, and then from the case's name, so that a report always has one.
func (r *reader) title(n *yaml.Node, otherwise string) pipeline.Text {
	t := pipeline.Text{}
	switch {
	case n == nil:
	case n.Kind == yaml.MappingNode:
		if s := r.section(n, "title", []string{"en", "ko"}); s != nil {
			t = pipeline.Text{En: s.text("en"), Ko: s.text("ko")}
		}
	default:
		var ok bool
		if t.En, ok = r.scalar(n, "title"); ok && t.En == "" {
			r.fail(n, "give a value, or remove the key", "title is empty")
		}
	}
	if t.En == "" {
		t.En = t.Ko
	}
	if t.En == "" {
		t.En = otherwise
	}
	return t
}

func (r *reader) span(n *yaml.Node) pipeline.DayRange {
	s := r.section(n, "span", []string{"from", "to"})
	if s == nil {
		return pipeline.DayRange{}
	}
	s.need("from", "from: YYYY-MM-DD, the first day that is inspected")
	s.need("to", "to: YYYY-MM-DD, the last day that is inspected")
	d := pipeline.DayRange{From: s.day("from"), To: s.day("to")}
	if d.From != pipeline.NoDay && d.To != pipeline.NoDay && d.From > d.To {
		r.fail(s.at("from"), "from is the first day, to the last", "span begins on %s, after it ends on %s", d.From, d.To)
	}
	return d
}

func (r *reader) population(n *yaml.Node) pipeline.Population {
	s := r.section(n, "population", []string{"persons", "source"})
	if s == nil {
		return pipeline.Population{}
	}
	s.need("persons", "the number of people that a share is taken of")
	s.need("source", "a share needs the source of its population")
	return pipeline.Population{Persons: s.integer("persons", 0, 1, math.MaxInt64), Source: s.text("source")}
}

func (r *reader) definitions(n *yaml.Node, d *pipeline.Definitions) {
	s := r.section(n, "definitions", []string{"overseas_payment", "holders", "outsourcing", "unneeded_since"})
	if s == nil {
		return
	}
	d.OverseasPayment = s.oneOf("overseas_payment", d.OverseasPayment, "settled", "any")
	d.Holders = s.oneOf("holders", d.Holders, "owner", "all")
	d.Outsourcing = s.oneOf("outsourcing", d.Outsourcing, "needs_consent", "exempt")
	d.UnneededSince = s.day("unneeded_since")
}

// stopped reads the day after which a sender says that nothing was sent: of a
// source, or of all sources of transfers of a sender. A source's own day goes
// before its sender's.
func (r *reader) stopped(n *yaml.Node, c *pipeline.Case) map[string]pipeline.Day {
	days := map[string]pipeline.Day{}
	var bySender []word
	var known []string
	transfers := map[string]bool{}
	senders := map[string][]string{}
	for _, s := range c.Sources {
		// A source without a kind is a mistake that was reported.
		if s.Kind != pipeline.Transfers && s.Kind != "" || s.Name == "" {
			continue
		}
		known = append(known, s.Name)
		transfers[s.Name] = true
		if s.Sender != "" {
			senders[s.Sender] = append(senders[s.Sender], s.Name)
		}
	}
	for _, w := range r.words(n, "stopped") {
		d := r.day(w.value, "stopped of "+quote(w.text))
		switch {
		case transfers[w.text]:
			days[w.text] = d
		case senders[w.text] != nil:
			bySender = append(bySender, w)
		default:
			r.fail(w.key, suggest(w.text, known), "stopped: %s is neither a source of transfers nor the sender of one", quote(w.text))
		}
	}
	for _, w := range bySender {
		for _, source := range senders[w.text] {
			if _, own := days[source]; !own {
				days[source] = r.quietDay(w.value)
			}
		}
	}
	return days
}

// quietDay reads a day whose mistakes were reported before.
func (r *reader) quietDay(n *yaml.Node) pipeline.Day {
	d, err := pipeline.ParseDay(n.Value)
	if err != nil {
		return pipeline.NoDay
	}
	return d
}

// figure is a figure, or one value of it: total_records.records_without_account.
var figure = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$`)

func (r *reader) claims(n *yaml.Node) []pipeline.Claim {
	var all []pipeline.Claim
	lines := map[string]int{}
	for _, m := range r.list(n, "claims") {
		s := r.section(m, "a claim", []string{"id", "text", "figure", "source"})
		if s == nil {
			continue
		}
		s.need("id", "a name of your choice")
		s.need("text", "what was published, word for word: \"40.45 million\"")
		c := pipeline.Claim{ID: s.word("id"), Text: s.text("text"), Figure: s.word("figure"), Source: s.text("source"), Line: m.Line}
		if line, dup := lines[c.ID]; dup && c.ID != "" {
			r.fail(s.at("id"), "every claim has its own id", "claim %s stands on line %d already", quote(c.ID), line)
		}
		lines[c.ID] = m.Line
		if c.Figure != "" && !figure.MatchString(c.Figure) {
			r.fail(s.at("figure"), "FIGURE or FIGURE.COLUMN, for example affected_persons.affected_persons", "%s is no figure", quote(c.Figure))
		}
		all = append(all, c)
	}
	return all
}

// isCountry says whether a text has the form of a country code (ISO 3166-1
// alpha-2).
func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}
