package pipeline

import "slices"

// calendarRows covers the whole months of the span, and of every other month
// that a record is dated in.
func (in *Inspection) calendarRows() [][]any {
	months := map[int]Day{} // yyyymm → first day
	first := func(d Day) Day { t := d.Time(); return d - Day(t.Day()-1) }
	for d := first(in.Case.Span.From); d <= in.Case.Span.To; d = first(d + 31) {
		months[d.Month()] = d
	}
	for _, r := range in.loaded(Transfers) {
		for _, d := range r.Days {
			months[d.Day.Month()] = first(d.Day)
		}
	}
	starts := make([]Day, 0, len(months))
	for _, d := range months {
		starts = append(starts, d)
	}
	slices.Sort(starts)
	var rows [][]any
	for _, start := range starts {
		for d := start; d.Month() == start.Month(); d++ {
			day := int64(d-start) + 1
			rows = append(rows, []any{d, int64(d), int64(d.Month()), day, int64(1) << (day - 1), in.Case.Span.Holds(d)})
		}
	}
	return rows
}

// calendarByMonth splits the calendar. It is worked out once for the tables that
// baseTables gave.
func (in *Inspection) calendarByMonth(calendar table) (_ map[int]table, err error) {
	if in.days != nil {
		return in.days, nil
	}
	rows := map[int][][]any{}
	for _, row := range calendar.Rows {
		month := int(row[2].(int64))
		rows[month] = append(rows[month], row)
	}
	days := map[int]table{}
	for month := range rows {
		if days[month], err = fromRows("calendar", rows[month]); err != nil {
			return nil, err
		}
	}
	in.days = days
	return days, nil
}
