package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"exhibit/pipeline"
)

// plotView is a table of the run as a picture, with the table itself.
type plotView struct {
	ID       string
	No       int
	Title    pipeline.Text
	Unit     string
	Text     []string // the definition
	Note     string   // what the picture leaves out
	Pictures []drawing
	Table    tableView
	SQL      sqlView
}

// tableView is a table of texts; Numbers says which columns are numbers.
type tableView struct {
	Label   string
	Columns []string
	Numbers []bool
	Rows    [][]string
}

// Parts splits a long and narrow table into three that stand beside each other.
func (t tableView) Parts() [][][]string {
	if len(t.Columns) > 3 || len(t.Rows) < 18 {
		return [][][]string{t.Rows}
	}
	return slices.Collect(slices.Chunk(t.Rows, (len(t.Rows)+2)/3))
}

// Limits of what is drawn; a table is always printed in full.
const (
	mostMonths = 480
	mostRows   = 40
)

func (v *viewer) plot(no int, t pipeline.TableResult) plotView {
	p := plotView{
		ID: fmt.Sprintf("plot-%d", no), No: no, Title: t.Title, Unit: t.Unit,
		Text: paragraphs(t.Definition), Table: table(t), SQL: v.sql(t.SQLSHA256),
	}
	unit := words(valueColumn(t))
	if unit == "" || len(t.Rows) == 0 {
		p.Note = "There is nothing to draw."
		return p
	}
	if month := columnOf(t, "month"); month >= 0 {
		p.Pictures, p.Note = monthPictures(p, t, month, unit, v.run.Manifest.Span)
	} else {
		p.Pictures, p.Note = rowPictures(p, t, unit)
	}
	return p
}

// monthPictures draws a table by month. Several rows of one month (one for
// each source) make one bar.
func monthPictures(p plotView, t pipeline.TableResult, month int, unit string, span pipeline.DayRange) ([]drawing, string) {
	first, last := 0, -1
	if span.From != pipeline.NoDay && span.To != pipeline.NoDay && span.From <= span.To {
		first, last = monthNo(int64(span.From.Month())), monthNo(int64(span.To.Month()))
	}
	low, high := first, last
	value := columnOf(t, valueColumn(t))
	sums := map[int]int64{}
	names := map[int]string{}
	left := 0
	for _, row := range t.Rows {
		name, no, n, ok := monthRow(row, month, value)
		if !ok {
			left++
			continue
		}
		if high < low {
			low, high = no, no
		}
		low, high = min(low, no), max(high, no)
		sums[no] = add(sums[no], n)
		names[no] = name
	}
	if first <= last && high-low > 2*(last-first)+12 { // a stray date must not squeeze the rest
		low, high = first, last
	}
	if high < low || high-low >= mostMonths {
		return nil, "These months are too far apart to draw; the table has them."
	}
	slots := make([]*point, high-low+1)
	for no, n := range sums {
		if no < low || no > high {
			left++
			continue
		}
		slots[no-low] = &point{names[no], n}
	}
	note := ""
	if left > 0 {
		note = "Not drawn, because no place on this axis is theirs: " + count(int64(left), "row") + " of the table."
	}
	desc := fmt.Sprintf("Bars, one for each month. The highest is %s %s. The table below has every value.", grouped(highestOf(sums)), unit)
	wide := drawing{ID: p.ID + "-wide", Class: "wide", Title: p.Title.En, Desc: desc, W: wideWidth, H: 300}
	narrow := drawing{ID: p.ID + "-narrow", Class: "narrow", Title: p.Title.En, Desc: desc, W: narrowWidth, H: 240}
	return []drawing{columns(wide, unit, slots, low), columns(narrow, unit, slots, low)}, note
}

func monthRow(row []any, month, value int) (name string, no int, n int64, ok bool) {
	if month >= len(row) || value >= len(row) {
		return "", 0, 0, false
	}
	m, isMonth := whole(row[month])
	n, isNumber := whole(row[value])
	name, named := monthName(m)
	return name, monthNo(m), n, isMonth && isNumber && named
}

func monthNo(m int64) int { return int(m/100*12 + m%100) }

// add stops at the largest number instead of wrapping round.
func add(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func highestOf(sums map[int]int64) (high int64) {
	for _, n := range sums {
		high = max(high, n)
	}
	return high
}

// rowPictures draws any other table: one bar a row, in the order of the rows.
func rowPictures(p plotView, t pipeline.TableResult, unit string) ([]drawing, string) {
	if len(t.Rows) > mostRows {
		return nil, fmt.Sprintf("%s are too many to draw; the table has them.", count(int64(len(t.Rows)), "row"))
	}
	value := columnOf(t, valueColumn(t))
	var points []point
	for _, row := range t.Rows {
		if value >= len(row) {
			continue
		}
		if n, ok := whole(row[value]); ok {
			points = append(points, point{rowLabel(t.Columns, row, value), n})
		}
	}
	note := ""
	if left := len(t.Rows) - len(points); left > 0 {
		note = "Not drawn, for want of a number: " + count(int64(left), "row") + " of the table."
	}
	if len(points) == 0 {
		return nil, note
	}
	desc := fmt.Sprintf("Bars, one for each of %s. The longest is %s %s. The table below has every value.",
		count(int64(len(points)), "group"), grouped(highest(points)), unit)
	wide := drawing{ID: p.ID + "-wide", Class: "wide", Title: p.Title.En, Desc: desc, W: wideWidth}
	narrow := drawing{ID: p.ID + "-narrow", Class: "narrow", Title: p.Title.En, Desc: desc, W: narrowWidth}
	return []drawing{rows(wide, unit, points), rows(narrow, unit, points)}, note
}

// rowLabel names a row: by the names that it begins with; else two bounds become
// a range, or the columns that are not drawn stand beside each other.
func rowLabel(columns []string, row []any, value int) string {
	if names := leadingNames(columns, row); len(names) > 0 {
		return strings.Join(names, " · ")
	}
	var parts, low, high []string
	for i, x := range row {
		if i == value || i >= len(columns) {
			continue
		}
		text := display(columns[i], x)
		parts = append(parts, text)
		if n, ok := whole(x); x == nil || ok && n == math.MaxInt64 {
			text = "" // no bound
		}
		switch bound(columns[i]) {
		case "low":
			low = append(low, text)
		case "high":
			high = append(high, text)
		}
	}
	if len(low) != 1 || len(high) != 1 {
		return strings.Join(parts, " · ")
	}
	switch {
	case low[0] == high[0]:
		return low[0]
	case high[0] == "":
		return low[0] + " or more"
	case low[0] == "":
		return "up to " + high[0]
	}
	return low[0] + "–" + high[0]
}

// leadingNames are the texts that a row begins with, before its first number.
func leadingNames(columns []string, row []any) []string {
	var names []string
	for i, x := range row {
		_, number := whole(x)
		switch {
		case i >= len(columns) || number || bound(columns[i]) != "":
			return names
		case x == nil:
			names = append(names, "not stated")
		default:
			names = append(names, display(columns[i], x))
		}
	}
	return names
}

// bound says whether a column is the lower or the upper end of a bucket.
func bound(column string) string {
	for _, w := range strings.Split(strings.ToLower(column), "_") {
		switch w {
		case "from", "least", "min", "low", "lower":
			return "low"
		case "to", "most", "max", "high", "upper", "until":
			return "high"
		}
	}
	return ""
}

// valueColumn is the column that becomes the length of the bars: the first one
// that the unit names ("persons and records"), else the last column that is a
// number in the first row.
func valueColumn(t pipeline.TableResult) string {
	for _, word := range strings.FieldsFunc(t.Unit, func(r rune) bool { return r == ' ' || r == ',' }) {
		if word != "month" && columnOf(t, word) >= 0 {
			return word
		}
	}
	if len(t.Rows) == 0 {
		return ""
	}
	for i := min(len(t.Columns), len(t.Rows[0])) - 1; i >= 0; i-- {
		if _, ok := whole(t.Rows[0][i]); ok && t.Columns[i] != "month" {
			return t.Columns[i]
		}
	}
	return ""
}

func columnOf(t pipeline.TableResult, name string) int {
	for i, c := range t.Columns {
		if c == name {
			return i
		}
	}
	return -1
}

func table(t pipeline.TableResult) tableView {
	v := tableView{Label: t.Title.En, Numbers: make([]bool, len(t.Columns))}
	for i, c := range t.Columns {
		v.Columns = append(v.Columns, words(c))
		for _, row := range t.Rows {
			if i < len(row) {
				if _, ok := whole(row[i]); ok && c != "month" {
					v.Numbers[i] = true
				}
			}
		}
	}
	for _, row := range t.Rows {
		cells := make([]string, len(t.Columns))
		for i := range cells {
			if i < len(row) {
				cells[i] = display(t.Columns[i], row[i])
			}
		}
		v.Rows = append(v.Rows, cells)
	}
	return v
}
