package reports

import (
	"fmt"
	"strings"

	"exhibit/pipeline"
)

// dayState is what a source has for one day.
type dayState int

// A day is told apart by its shape, not by its colour alone.
const (
	notExpected dayState = iota // a dot
	covered                     // a filled square
	zeroRecords                 // an open square
	missing                     // a cross in a frame
)

var dayWords = [...]string{"not expected", "covered", "0 records", "missing"}

var dayClasses = [...]string{"off", "cov", "zero", "miss"}

// calendarView is one source's days.
type calendarView struct {
	ID       string
	Source   string
	Summary  string
	Missing  []string // ranges
	More     []string // ranges beyond the first few
	Note     string   // days that lie outside the span
	Pictures []drawing
	Table    tableView
}

const (
	wallDays     = 92        // up to here each month is drawn as on a wall
	mostDays     = 366 * 100 // beyond, only the table is printed
	shownMissing = 24
)

// month is one month of a source: the state and the records of each day.
type month struct {
	Name    string
	Year    int
	No      int // 1 to 12
	First   pipeline.Day
	States  [31]dayState
	InSpan  [31]bool
	Sent    [31]int64
	Counts  [4]int64
	Records int64
}

func calendar(no int, s pipeline.SourceStatus, span pipeline.DayRange) (calendarView, bool) {
	if s.DaysExpected == 0 && len(s.Days) == 0 && len(s.Missing) == 0 {
		return calendarView{}, false
	}
	v := calendarView{ID: fmt.Sprintf("calendar-%d", no), Source: s.Source, Summary: calendarSummary(s)}
	for i, r := range s.Missing {
		text := r.String()
		if r.Days() > 1 {
			text += " (" + count(int64(r.Days()), "day") + ")"
		}
		if i < shownMissing {
			v.Missing = append(v.Missing, text)
		} else {
			v.More = append(v.More, text)
		}
	}
	if span.From == pipeline.NoDay || span.To == pipeline.NoDay || span.Days() < 1 || span.Days() > mostDays {
		v.Note = "The span of the case is too long, or missing: no calendar is drawn."
		return v, true
	}
	months, note := monthsOf(s, span)
	v.Note = note
	v.Table = calendarTable(s.Source, months)
	if span.Days() <= wallDays {
		v.Pictures = wallPictures(v, months)
	} else {
		v.Pictures = yearPictures(v, months)
	}
	return v, true
}

func calendarSummary(s pipeline.SourceStatus) string {
	if s.DaysExpected == 0 {
		return fmt.Sprintf("%s with a file; none was expected on a certain day.", count(int64(len(s.Days)), "day"))
	}
	lost := int64(0)
	for _, r := range s.Missing {
		lost += int64(r.Days())
	}
	return fmt.Sprintf("%s of %s covered, %s missing.", grouped(int64(s.DaysCovered)), count(int64(s.DaysExpected), "expected day"), grouped(lost))
}

// monthsOf lays the days of a source into the months of the span.
func monthsOf(s pipeline.SourceStatus, span pipeline.DayRange) ([]month, string) {
	var months []month
	at := map[int]int{}
	for d := span.From; d <= span.To; d++ {
		t := d.Time()
		if d == span.From || t.Day() == 1 {
			at[d.Month()] = len(months)
			months = append(months, month{Name: fmt.Sprintf("%04d-%02d", t.Year(), t.Month()), Year: t.Year(), No: int(t.Month()),
				First: d - pipeline.Day(t.Day()-1)})
		}
		months[len(months)-1].InSpan[t.Day()-1] = true
	}
	for _, r := range s.Missing {
		for d := max(r.From, span.From); d <= min(r.To, span.To); d++ {
			months[at[d.Month()]].States[d.Time().Day()-1] = missing
		}
	}
	outside := 0
	for _, c := range s.Days {
		if !span.Holds(c.Day) {
			outside++
			continue
		}
		m := &months[at[c.Day.Month()]]
		m.Records = add(m.Records, c.Records)
		m.Sent[c.Day.Time().Day()-1] = c.Records
		state := &m.States[c.Day.Time().Day()-1]
		if *state = covered; c.Records == 0 {
			*state = zeroRecords
		}
	}
	for i := range months {
		for d, in := range months[i].InSpan {
			if in {
				months[i].Counts[months[i].States[d]]++
			}
		}
	}
	if outside > 0 {
		return months, count(int64(outside), "covered day") + " outside the span of the case: not drawn."
	}
	return months, ""
}

func calendarTable(source string, months []month) tableView {
	t := tableView{Label: "Days of " + source + " by month", Columns: []string{"month", "covered", "0 records", "missing", "not expected", "records"},
		Numbers: []bool{false, true, true, true, true, true}}
	for _, m := range months {
		t.Rows = append(t.Rows, []string{m.Name, grouped(m.Counts[covered]), grouped(m.Counts[zeroRecords]), grouped(m.Counts[missing]),
			grouped(m.Counts[notExpected]), grouped(m.Records)})
	}
	return t
}

// yearPictures draws a year as a grid: a row for each month, a column for each
// day of the month. Years stand beside each other where there is room.
func yearPictures(v calendarView, months []month) []drawing {
	const left, above, cell, row = 30.0, 36.0, 9.0, 11.0
	var out []drawing
	for len(months) > 0 {
		n := 1
		for n < len(months) && months[n].Year == months[0].Year {
			n++
		}
		year := fmt.Sprintf("%04d", months[0].Year)
		d := newCalendar(v, year, months[:n])
		d.W, d.H = left+31*cell+2, num(above+row*float64(months[n-1].No)+2)
		d.Texts = append(d.Texts, label{"head", "start", year, left, 14})
		for _, day := range []int{1, 10, 20, 31} {
			d.Texts = append(d.Texts, label{"tick", "middle", fmt.Sprint(day), num(left + cell*(float64(day)-0.5)), above - 5})
		}
		for _, m := range months[:n] {
			y := above + row*float64(m.No-1)
			d.Texts = append(d.Texts, label{"tick", "end", shortMonths[m.No-1], left - 6, num(y + 9)})
			drawDays(&d, m, 7.5, func(day int) (float64, float64) { return left + cell*float64(day), y + 1.5 })
		}
		out = append(out, d)
		months = months[n:]
	}
	return out
}

// wallPictures draws each month as on a wall: weeks from Monday, with dates and
// the number of records.
func wallPictures(v calendarView, months []month) []drawing {
	const above, cell = 44.0, 38.0
	var out []drawing
	for _, m := range months {
		d := newCalendar(v, m.Name, []month{m})
		shift := (int(m.First.Time().Weekday()) + 6) % 7
		weeks := (shift + daysIn(m) + 6) / 7
		d.W, d.H = 7*cell+2, num(above+cell*float64(weeks)+2)
		d.Texts = append(d.Texts, label{"head", "start", fmt.Sprintf("%s %d", shortMonths[m.No-1], m.Year), 4, 14})
		for i, w := range []string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"} {
			d.Texts = append(d.Texts, label{"tick", "middle", w, num(cell*(float64(i)+0.5) - 1), above - 7})
		}
		place := func(day int) (float64, float64) {
			return cell*float64((day+shift)%7) + 2, above + cell*float64((day+shift)/7)
		}
		drawDays(&d, m, cell-4, place)
		for day := range daysIn(m) {
			x, y := place(day)
			class := "date out"
			if m.InSpan[day] {
				class = "date " + dayClasses[m.States[day]]
			}
			d.Texts = append(d.Texts, label{class, "start", fmt.Sprint(day + 1), num(x + 3), num(y + 11)})
			if m.InSpan[day] && (m.States[day] == covered || m.States[day] == zeroRecords) {
				d.Texts = append(d.Texts, label{class, "end", short(uint64(max(0, m.Sent[day]))), num(x + cell - 7), num(y + cell - 8)})
			}
		}
		out = append(out, d)
	}
	return out
}

var shortMonths = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

func daysIn(m month) int { return m.First.Time().AddDate(0, 1, -1).Day() }

func newCalendar(v calendarView, name string, months []month) drawing {
	var n [4]int64
	for _, m := range months {
		for i, c := range m.Counts {
			n[i] += c
		}
	}
	return drawing{ID: v.ID + "-" + name, Class: "cal", Title: v.Source + ", " + name,
		Desc: fmt.Sprintf("%s covered, %s with 0 records, %s missing, %s not expected.",
			count(n[covered], "day"), grouped(n[zeroRecords]), grouped(n[missing]), grouped(n[notExpected]))}
}

// drawDays draws the days of one month. Covered and unexpected days, of which
// there are many, share one path each; the others carry their date.
func drawDays(d *drawing, m month, size float64, place func(day int) (x, y float64)) {
	var shared [4]strings.Builder
	for day, in := range m.InSpan {
		if !in {
			continue
		}
		x, y := place(day)
		state := m.States[day]
		shape := dayShape(state, x, y, size)
		if state == missing || state == zeroRecords {
			title := fmt.Sprintf("%s-%02d: %s", m.Name, day+1, dayWords[state])
			d.Paths = append(d.Paths, path{dayClasses[state], shape, title})
			continue
		}
		shared[state].WriteString(shape)
	}
	for _, state := range []dayState{covered, notExpected} {
		if shape := shared[state].String(); shape != "" {
			title := fmt.Sprintf("%s: %s %s", m.Name, count(m.Counts[state], "day"), dayWords[state])
			d.Paths = append(d.Paths, path{dayClasses[state], shape, title})
		}
	}
}

func dayShape(state dayState, x, y, size float64) string {
	frame := func(x, y, s float64) string {
		return fmt.Sprintf("M%s %sh%sv%sh-%sz", num(x), num(y), num(s), num(s), num(s))
	}
	switch state {
	case covered:
		return frame(x, y, size)
	case zeroRecords:
		return frame(x+0.75, y+0.75, size-1.5)
	case missing:
		s := size - 1
		x, y = x+0.5, y+0.5
		return frame(x, y, s) + fmt.Sprintf("M%s %sl%s %sm0 -%sl-%s %s", num(x), num(y), num(s), num(s), num(s), num(s), num(s))
	}
	dot := size / 5
	return frame(x+2*dot, y+2*dot, dot)
}

// legend gives one picture for each state of a day.
func legend() []drawing {
	var out []drawing
	for _, s := range []dayState{covered, zeroRecords, missing, notExpected} {
		out = append(out, drawing{ID: "legend-" + dayClasses[s], Class: "key", Title: dayWords[s], W: 14, H: 14,
			Paths: []path{{dayClasses[s], dayShape(s, 1, 1, 12), ""}}})
	}
	return out
}
