package reports

import (
	"fmt"
	"math"
)

// drawing is an SVG picture: numbers only, the template makes the markup.
type drawing struct {
	ID    string // unique on the page
	Class string // wide | narrow | cal
	Title string
	Desc  string
	W, H  num
	Lines []line
	Bars  []bar
	Paths []path
	Texts []label
}

type line struct {
	Class          string
	X1, Y1, X2, Y2 num
}

type bar struct {
	X, Y, W, H num
	Title      string // the exact value
}

type path struct {
	Class, D, Title string
}

type label struct {
	Class, Anchor, Text string
	X, Y                num
}

// point is one bar before it is drawn: where it stands, and its exact value.
type point struct {
	Label string
	Value int64
}

// Sizes of the pictures in CSS pixels. A picture is drawn twice, once for a
// page and once for a phone, because scaled text would be too small to read.
const (
	wideWidth   = 920
	narrowWidth = 340
	charWidth   = 7 // of a digit at 12 px; a little too much on purpose
)

// ticks gives the marks of an axis from 0 to at least max: steps of 1, 2 or 5
// times a power of ten, about n of them, never broken.
func ticks(max int64, n int) []uint64 {
	if max < 1 {
		max = 1
	}
	need := (uint64(max) + uint64(n) - 1) / uint64(n) // divided, not multiplied: a count may be near 2^63
	step := uint64(1)
	for base := uint64(1); step < need; base *= 10 {
		for _, f := range [...]uint64{1, 2, 5} {
			if step = base * f; step >= need {
				break
			}
		}
	}
	marks := []uint64{0}
	for marks[len(marks)-1] < uint64(max) {
		marks = append(marks, marks[len(marks)-1]+step)
	}
	return marks
}

func highest(points []point) (max int64) {
	for _, p := range points {
		if p.Value > max {
			max = p.Value
		}
	}
	return max
}

// columns draws upright bars over a row of months; a month without a row stays
// empty. first is the number of the first month: year × 12 + month, from 1.
func columns(d drawing, unit string, slots []*point, first int) drawing {
	var given []point
	for _, s := range slots {
		if s != nil {
			given = append(given, *s)
		}
	}
	marks := ticks(highest(given), 5)
	top := float64(marks[len(marks)-1])
	left := 8.0
	for _, m := range marks {
		left = math.Max(left, float64(len(short(m))*charWidth+10))
	}
	const above, right = 26.0, 6.0
	height, width := float64(d.H)-above-34, float64(d.W)-left-right
	base := above + height
	y := func(v float64) float64 { return base - v/top*height }
	for _, m := range marks {
		class := "grid"
		if m == 0 {
			class = "axis"
		}
		at := num(y(float64(m)))
		d.Lines = append(d.Lines, line{class, num(left), at, d.W - right, at})
		d.Texts = append(d.Texts, label{"tick", "end", short(m), num(left - 6), at + 4})
	}
	d.Texts = append(d.Texts, label{"unit", "start", unit, 0, 12})
	slot := width / float64(len(slots))
	wide := math.Min(slot*0.78, 56)
	for i, s := range slots {
		if s == nil {
			continue
		}
		h := barLength(s.Value, top, height)
		x := left + slot*float64(i) + (slot-wide)/2
		d.Bars = append(d.Bars, bar{num(x), num(base - h), num(wide), num(h), s.Label + ": " + grouped(s.Value) + " " + unit})
	}
	monthAxis(&d, first, len(slots), left, slot, base)
	return d
}

// barLength keeps a bar of a value above zero visible.
func barLength(v int64, top, length float64) float64 {
	if v <= 0 {
		return 0
	}
	return math.Max(1, float64(v)/top*length)
}

// monthAxis labels the months where there is room, and the years below them.
func monthAxis(d *drawing, first, n int, left, slot, base float64) {

	every := 1
	for slot*float64(every) < 3*charWidth+8 {
		every++
	}
	const room = 4*charWidth + 8 // a year's label
	next := math.Inf(-1)         // where the next one may begin
	for i := range n {
		year, month := (first+i-1)/12, (first+i-1)%12
		x := left + slot*float64(i)
		if every <= 3 && month%every == 0 {
			d.Texts = append(d.Texts, label{"tick", "middle", shortMonths[month], num(x + slot/2), num(base + 15)})
		}
		if month != 0 && i != 0 {
			continue
		}
		d.Lines = append(d.Lines, line{"axis", num(x), num(base), num(x), num(base + 5)})
		cramped := i == 0 && n > 12-month && slot*float64(12-month) < room
		if x < next || cramped {
			continue
		}
		next = x + room
		d.Texts = append(d.Texts, label{"tick year", "start", fmt.Sprintf("%04d", year), num(x), num(base + 30)})
	}
}

// rows draws lying bars, one below the other, with their exact value.
func rows(d drawing, unit string, points []point) drawing {
	const above, row = 40.0, 28.0
	marks := ticks(highest(points), 4)
	top := float64(marks[len(marks)-1])
	left, right := 0.0, 0.0
	for _, p := range points {
		left = math.Max(left, float64(len([]rune(p.Label))*charWidth+12))
		right = math.Max(right, float64(len(grouped(p.Value))*charWidth+10))
	}
	left = math.Min(left, float64(d.W)*0.4)
	width := float64(d.W) - left - right
	d.H = num(above + row*float64(len(points)) + 8)
	d.Texts = append(d.Texts, label{"unit", "start", unit, 0, 12})
	for _, m := range marks {
		x := num(left + float64(m)/top*width)
		class := "grid"
		if m == 0 {
			class = "axis"
		}
		d.Lines = append(d.Lines, line{class, x, above - 4, x, d.H - 8})
		d.Texts = append(d.Texts, label{"tick", "middle", short(m), x, above - 10})
	}
	for i, p := range points {
		y := above + row*float64(i)
		w := barLength(p.Value, top, width)
		d.Bars = append(d.Bars, bar{num(left), num(y + 4), num(w), row - 8, p.Label + ": " + grouped(p.Value) + " " + unit})
		d.Texts = append(d.Texts,
			label{"cat", "end", cut(p.Label, int(left/charWidth)), num(left - 8), num(y + row/2 + 4)},
			label{"val", "start", grouped(p.Value), num(left + w + 6), num(y + row/2 + 4)})
	}
	return d
}

// cut shortens a label to n characters; the bar's title has it in full.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n || n < 2 {
		return s
	}
	return string(r[:n-1]) + "…"
}
