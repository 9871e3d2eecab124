package enginetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"exhibit/pipeline"
)

// tally is what some records come to.
type tally struct {
	records, items int64
	persons        map[int]bool
	days           map[pipeline.Day]int64 // with their records
}

func (t *tally) first() any { return slices.Min(slices.Collect(maps.Keys(t.days))) }
func (t *tally) last() any  { return slices.Max(slices.Collect(maps.Keys(t.days))) }

// split tallies the records by what key says of each; by several keys where it
// gives several.
func split[K comparable](t *truth, key func(r transfer) []K) map[K]*tally {
	out := map[K]*tally{}
	for _, r := range t.w.transfers {
		for _, k := range key(r) {
			if out[k] == nil {
				out[k] = &tally{persons: map[int]bool{}, days: map[pipeline.Day]int64{}}
			}
			out[k].records++
			out[k].items += filled(r)
			out[k].days[r.day]++
			for _, p := range t.subjects(r.account) {
				out[k].persons[p] = true
			}
		}
	}
	return out
}

// numbers are a tally's records, items and persons.
func (t *tally) numbers() []any {
	if t == nil {
		return []any{int64(0), int64(0), int64(0)}
	}
	return []any{t.records, t.items, int64(len(t.persons))}
}

// monthsOfSpan are those, and the others that are given.
func (w *world) monthsOfSpan(also []int) []int {
	months := slices.Clone(also)
	for d := w.span.From; d <= w.span.To; d++ {
		months = append(months, d.Month())
	}
	slices.Sort(months)
	return slices.Compact(months)
}

// splits are the tables that part the records, by name.
func (t *truth) splits() map[string][][]any {
	out := map[string][][]any{}
	senders := split(t, func(r transfer) []string { return []string{t.source(r).sender} })
	for _, s := range slices.Sorted(maps.Keys(senders)) {
		out["by_sender"] = append(out["by_sender"], slices.Concat([]any{s}, senders[s].numbers(), []any{senders[s].first(), senders[s].last()}))
	}
	countries := split(t, func(r transfer) []string { _, c := t.recipient(r); return []string{c} })
	for c, x := range countries {
		out["by_country"] = append(out["by_country"], slices.Concat([]any{orNull(c)}, x.numbers()))
	}
	sortRows(out["by_country"])

	months := split(t, func(r transfer) []int { return []int{r.day.Month()} })
	firsts := map[int]int64{}
	for _, days := range t.dates {
		firsts[slices.Min(days).Month()]++
	}
	for _, m := range t.w.monthsOfSpan(slices.Collect(maps.Keys(months))) {
		row := slices.Concat([]any{int64(m)}, months[m].numbers())
		out["by_month"] = append(out["by_month"], row)
		out["persons_per_month"] = append(out["persons_per_month"], []any{row[0], row[3]})
		out["first_seen_per_month"] = append(out["first_seen_per_month"], []any{row[0], firsts[m]})
	}

	statuses := split(t, func(r transfer) []string { return []string{t.status(r)} })
	for _, s := range []string{"before_joining", "active", "dormant", "former", "unknown", "none"} {
		row := statuses[s].numbers()
		out["by_status"] = append(out["by_status"], []any{s, row[0], row[2]})
	}
	out["by_recipient"], out["recipients_by_sender"] = t.byRecipient(), t.recipientsBySender()
	out["by_field"], out["unneeded_by_field"], out["cadence"] = t.byField(), t.unneededByField(), t.cadence()
	return out
}

func (t *truth) byRecipient() [][]any {
	type recipient struct{ name, country string }
	all := split(t, func(r transfer) []recipient { n, c := t.recipient(r); return []recipient{{n, c}} })
	order := slices.SortedFunc(maps.Keys(all), func(a, b recipient) int {
		return cmp.Or(cmp.Compare(all[b].records, all[a].records), nullsLast(a.name, b.name), nullsLast(a.country, b.country))
	})
	var rows [][]any
	for _, r := range order {
		rows = append(rows, slices.Concat([]any{orNull(r.name), orNull(r.country)}, all[r].numbers(), []any{all[r].first(), all[r].last()}))
	}
	return rows
}

func nullsLast(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// recipientsBySender is the table of that name.
func (t *truth) recipientsBySender() (rows [][]any) {
	type place struct{ sender, country string }
	seen := map[place]map[string]bool{}
	for _, r := range t.w.transfers {
		name, country := t.recipient(r)
		if p := (place{t.source(r).sender, country}); t.abroad(r) && name != "" {
			if seen[p] == nil {
				seen[p] = map[string]bool{}
			}
			seen[p][name] = true
		}
	}
	for p, names := range seen {
		rows = append(rows, []any{p.sender, p.country, int64(len(names))})
	}
	sortRows(rows)
	return rows
}

// recipientsAbroad is the figure of that name.
func (t *truth) recipientsAbroad() []any {
	recipients, countries := map[[2]string]bool{}, map[string]bool{}
	for _, r := range t.w.transfers {
		if name, country := t.recipient(r); t.abroad(r) && name != "" {
			recipients[[2]string{name, country}], countries[country] = true, true
		}
	}
	return []any{int64(len(recipients)), int64(len(countries))}
}

// populationShare is the figure of that name.
func (t *truth) populationShare() []any {
	persons, population := int64(len(t.records)), t.w.population
	if population == 0 {
		return []any{persons, nil, nil}
	}
	tenths := (persons*10000/population + 5) / 10
	return []any{persons, population, fmt.Sprintf("%d.%d", tenths/10, tenths%10)}
}

func (t *truth) byField() (rows [][]any) {
	type place struct{ source, field string }
	all := split(t, func(r transfer) (places []place) {
		for i, f := range t.source(r).fields {
			if r.fields>>i&1 == 1 {
				places = append(places, place{r.source, f.name})
			}
		}
		return places
	})
	sources := split(t, func(r transfer) []string { return []string{r.source} })
	for _, s := range t.w.sources {
		for _, f := range s.fields {
			x := all[place{s.name, f.name}]
			n := x.numbers()
			row := []any{s.name, f.name, n[0], n[0], n[2], nil, nil, int64(0)}
			if x != nil {
				row[5], row[6], row[7] = x.first(), x.last(), x.records*1_000_000/sources[s.name].records
			}
			rows = append(rows, row)
		}
	}
	sortRows(rows)
	return rows
}

func (t *truth) unneededByField() (rows [][]any) {
	for _, s := range t.w.sources {
		for _, f := range s.fields {
			var listed bool
			for d := t.w.span.From; d <= t.w.span.To+100; d++ {
				onCalendar := t.w.span.Holds(d) || slices.ContainsFunc(t.w.transfers, func(r transfer) bool { return r.day == d })
				listed = listed || onCalendar && d >= t.w.unneededSince && (!f.needed || f.until != pipeline.NoDay && d > f.until)
			}
			if !listed {
				continue
			}
			items := map[bool]int64{}
			for _, r := range t.w.transfers {
				if r.source == s.name && slices.Contains(t.unneeded(r), f.name) {
					items[t.ofPayer(r)]++
				}
			}
			rows = append(rows, []any{s.name, f.name, items[true], items[false]})
		}
	}
	sortRows(rows)
	return rows
}

// cadence is the table of that name, by walking from day to day.
func (t *truth) cadence() (rows [][]any) {
	for name, x := range split(t, func(r transfer) []string { return []string{r.source} }) {
		counts := slices.Sorted(maps.Values(x.days))
		median := counts[(len(counts)-1)/2]
		var runs, gaps, gapDays, longest, gap, bulk int64
		first, last := x.first().(pipeline.Day), x.last().(pipeline.Day)
		for d := first; d <= last; d++ {
			switch n := x.days[d]; {
			case n == 0:
				if gap++; gap == 1 {
					gaps++
				}
				gapDays++
				longest = max(longest, gap)
			default:
				if d == first || gap > 0 {
					runs++
				}
				gap = 0
				if n > t.w.bulkTimes*median {
					bulk++
				}
			}
		}
		rows = append(rows, []any{name, first, last, int64(len(x.days)), runs, gaps, gapDays, longest, median, bulk})
	}
	sortRows(rows)
	return rows
}
