package reports

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		max  int64
		want []uint64
	}{
		{-3, []uint64{0, 1}},
		{0, []uint64{0, 1}},
		{1, []uint64{0, 1}},
		{4, []uint64{0, 1, 2, 3, 4}},
		{6, []uint64{0, 2, 4, 6}},
		{20, []uint64{0, 5, 10, 15, 20}},
		{21, []uint64{0, 5, 10, 15, 20, 25}},
		{728_123_456, []uint64{0, 200e6, 400e6, 600e6, 800e6}},
		{math.MaxInt64, []uint64{0, 2e18, 4e18, 6e18, 8e18, 10e18}},
	} {
		if diff := cmp.Diff(test.want, ticks(test.max, 5)); diff != "" {
			t.Errorf("ticks up to %d: -want +got\n%s", test.max, diff)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 54_200_000_000: "54,200,000,000", -1234: "−1,234", math.MinInt64: "−9,223,372,036,854,775,808"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 1500: "1,500", 10_000: "10k", 12_500: "12.5k", 10_000_000: "10M", 999_999_999: "999M", 54_200_000_000: "54.2B", 1e19: "10,000,000T"} {
		if got := short(n); got != want {
			t.Errorf("short(%d) = %q, want %q", n, got, want)
		}
	}
	for m, want := range map[int64]string{201804: "2018-04", 99912: "0999-12", 201813: "", 201800: "", -1: "", 20180401: ""} {
		if got, _ := monthName(m); got != want {
			t.Errorf("monthName(%d) = %q, want %q", m, got, want)
		}
	}
}

// Every bar and text of a plot lies inside the picture, and no two labels of
// the axis lie on each other, however long the span is.
func TestMonthPlotFits(t *testing.T) {
	for _, test := range []struct {
		from   string
		months int
	}{{"2024-02-01", 1}, {"2023-12-01", 2}, {"2023-12-01", 14}, {"2018-04-01", 74}, {"1990-06-01", 420}} {
		table := pipeline.TableResult{Title: pipeline.Text{En: "x"}, Unit: "records", Columns: []string{"month", "records"}}
		from := day(t, test.from)
		no := monthNo(int64(from.Month()))
		for i := range test.months {
			m := no + i - 1
			table.Rows = append(table.Rows, []any{int64(m/12*100 + m%12 + 1), int64(728_000_000 + i)})
		}
		v := viewer{run: &Run{Manifest: pipeline.Manifest{Span: pipeline.DayRange{From: pipeline.NoDay, To: pipeline.NoDay}}}}
		p := v.plot(1, table)
		if len(p.Pictures) != 2 || p.Note != "" {
			t.Fatalf("%d months: %d pictures, note %q", test.months, len(p.Pictures), p.Note)
		}
		for _, d := range p.Pictures {
			if len(d.Bars) != test.months {
				t.Errorf("%d months: %d bars", test.months, len(d.Bars))
			}
			fits(t, d)
		}
	}
}

func fits(t *testing.T, d drawing) {
	t.Helper()
	for _, b := range d.Bars {
		if b.X < 0 || b.Y < 0 || b.W <= 0 || b.H < 0 || b.X+b.W > d.W || b.Y+b.H > d.H {
			t.Errorf("%s: bar %v lies outside %v × %v", d.ID, b, d.W, d.H)
		}
	}
	type place struct{ from, to float64 }
	lines := map[num][]place{}
	for _, x := range d.Texts {
		w := float64(len([]rune(x.Text))) * charWidth
		p := place{float64(x.X), float64(x.X) + w}
		switch x.Anchor {
		case "middle":
			p = place{p.from - w/2, p.to - w/2}
		case "end":
			p = place{p.from - w, p.from}
		}
		if p.from < -4 || p.to > float64(d.W)+16 || x.Y < 8 || x.Y > d.H {
			t.Errorf("%s: text %q lies outside: %v", d.ID, x.Text, p)
		}
		for _, other := range lines[x.Y] {
			if p.from < other.to && other.from < p.to {
				t.Errorf("%s: text %q lies on another", d.ID, x.Text)
			}
		}
		lines[x.Y] = append(lines[x.Y], p)
	}
}

func TestStrayMonthDoesNotSqueeze(t *testing.T) {
	table := pipeline.TableResult{Unit: "records", Columns: []string{"month", "records"},
		Rows: [][]any{{int64(1), int64(3)}, {int64(201001), int64(3)}, {int64(202402), int64(5)}, {int64(202403), int64(6)}, {int64(999912), int64(1)}, {"x", int64(2)}}}
	v := viewer{run: &Run{Manifest: pipeline.Manifest{Span: span(t, "2024-02-01", "2024-03-31")}}}
	p := v.plot(1, table)
	if len(p.Pictures) != 2 || len(p.Pictures[0].Bars) != 2 || !strings.HasSuffix(p.Note, ": 4 rows of the table.") {
		t.Errorf("%d pictures, note %q", len(p.Pictures), p.Note)
	}
	if len(p.Table.Rows) != 6 {
		t.Errorf("the table has %d rows, want all 6", len(p.Table.Rows))
	}
}

func TestRowPlot(t *testing.T) {
	s := large(t)
	v := viewer{run: &Run{}}
	p := v.plot(2, s.tables[1])
	if len(p.Pictures) != 2 {
		t.Fatalf("%d pictures", len(p.Pictures))
	}
	for _, d := range p.Pictures {
		if len(d.Bars) != len(s.tables[1].Rows) {
			t.Errorf("%d bars", len(d.Bars))
		}
		fits(t, d)
	}
	if got, want := p.Pictures[0].Bars[2].Title, "5–9: 689,555 persons"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	s.tables[1].Rows = slices.Repeat(s.tables[1].Rows, 10)
	if p := v.plot(2, s.tables[1]); p.Pictures != nil || !strings.Contains(p.Note, "too many to draw") {
		t.Errorf("%d pictures of 110 rows", len(p.Pictures))
	}
}

func TestCalendarDays(t *testing.T) {
	s := tiny(t).manifest.Sources[0]
	s.Days = append(s.Days, pipeline.DayCount{Day: day(t, "1900-01-01"), Records: 1})
	sp := span(t, "2024-02-26", "2024-03-02")
	months, note := monthsOf(s, sp)
	if note != "1 covered day outside the span of the case: not drawn." {
		t.Errorf("note %q", note)
	}
	var got []dayState
	for d := sp.From; d <= sp.To; d++ {
		m := months[0]
		if d.Month() != 202402 {
			m = months[1]
		}
		got = append(got, m.States[d.Time().Day()-1])
	}
	want := []dayState{notExpected, covered, covered, missing, zeroRecords, notExpected}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if c := months[0].Counts; c != [4]int64{1, 2, 0, 1} {
		t.Errorf("February counts %v", c)
	}
	if months[0].Records != 1234 {
		t.Errorf("February has %d records, want 1234", months[0].Records)
	}
}

// Every day of the span is drawn once, whatever the length of the span.
func TestCalendarSpans(t *testing.T) {
	for _, test := range []struct {
		from, to string
		pictures int
	}{
		{"2024-02-29", "2024-02-29", 1},
		{"2024-01-31", "2024-03-01", 3},
		{"2018-04-01", "2024-05-22", 7},
		{"2023-12-31", "2024-12-31", 2},
		{"1950-01-01", "2040-12-31", 91},
		{"0001-01-01", "9999-12-31", 0},
	} {
		sp := span(t, test.from, test.to)
		s := pipeline.SourceStatus{Source: "a", DaysExpected: sp.Days(), Missing: []pipeline.DayRange{sp}}
		c, ok := calendar(1, s, sp)
		if !ok || len(c.Pictures) != test.pictures {
			t.Errorf("%v: %d pictures, want %d", sp, len(c.Pictures), test.pictures)
		}
		drawn := 0
		for _, d := range c.Pictures {
			drawn += len(d.Paths)
		}
		if test.pictures > 0 && drawn != sp.Days() {
			t.Errorf("%v: %d missing days drawn of %d", sp, drawn, sp.Days())
		}
		if test.pictures == 0 && c.Note == "" {
			t.Errorf("%v: no calendar and no note", sp)
		}
	}
}

// The states of a day differ in shape, for who cannot tell the colours.
func TestDayShapesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []dayState{notExpected, covered, zeroRecords, missing} {
		seen[dayShape(s, 0, 0, 10)] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d shapes for 4 states", len(seen))
	}
}

func TestRowLabel(t *testing.T) {
	columns := []string{"bucket_from", "bucket_to", "persons"}
	for want, row := range map[string][]any{
		"1":             {int64(1), int64(1), int64(9)},
		"1,000–1,999":   {int64(1000), int64(1999), int64(9)},
		"3,000 or more": {int64(3000), nil, int64(9)},
		"7 or more":     {int64(7), int64(math.MaxInt64), int64(9)},
		"up to 5":       {nil, int64(5), int64(9)},
	} {
		if got := rowLabel(columns, row, 2); got != want {
			t.Errorf("%v: %q, want %q", row, got, want)
		}
	}
	byField := []string{"source", "field", "records", "items", "first_date", "last_date"}
	for want, row := range map[string][]any{
		"sent · balance":      {"sent", "balance", int64(3), int64(3), "2024-01-01", "2024-01-31"},
		"sent · not stated":   {"sent", nil, int64(3), int64(3), "2024-01-01", "2024-01-31"},
		"not stated · phones": {nil, "phones", int64(3), int64(3), nil, nil},
	} {
		if got := rowLabel(byField, row, 2); got != want {
			t.Errorf("%v: %q, want %q", row, got, want)
		}
	}
}
