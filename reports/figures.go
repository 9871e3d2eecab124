package reports

import (
	"slices"
	"strconv"
	"strings"

	"exhibit/pipeline"
)

// figureView is one figure: the large values, those beside them, and the same
// as the other readings give it.
type figureView struct {
	No       int
	ID       string
	Title    pipeline.Text
	Large    []valueView
	Beside   []valueView
	Readings []readingView
	Text     []string
	SQL      sqlView
}

type valueView struct {
	Label string
	Text  string
	Unit  string
	Long  bool // too long for the largest type
}

type readingView struct {
	Label  string
	Values []valueView
}

// headlines are the figures that open a report, in this order.
var headlines = []string{"total_records", "affected_persons", "time_span"}

// figures gives the headline figures and the rest, numbered in this order.
func (v *viewer) figures() (head, rest []figureView) {
	var order []pipeline.FigureResult
	for _, name := range headlines {
		for _, f := range v.run.Figures {
			if f.Name == name {
				order = append(order, f)
			}
		}
	}
	n := len(order)
	for _, f := range v.run.Figures {
		if !slices.Contains(headlines, f.Name) {
			order = append(order, f)
		}
	}
	for i, f := range order {
		view := v.figure(f)
		view.No, view.ID = i+1, "figure-"+strconv.Itoa(i+1)
		if i < n {
			head = append(head, view)
		} else {
			rest = append(rest, view)
		}
	}
	return head, rest
}

const otherReading = "_other_reading"

func (v *viewer) figure(f pipeline.FigureResult) figureView {
	view := figureView{Title: titled(f.Title, f.Name), Text: paragraphs(f.Definition), SQL: v.sql(f.SQLSHA256)}
	var own, other pipeline.Values
	for _, x := range f.Values {
		if base, ok := strings.CutSuffix(x.Column, otherReading); ok {
			other = append(other, pipeline.Value{Column: base, Value: x.Value})
		} else {
			own = append(own, x)
		}
	}
	large, beside := split(f.Name, own)
	if len(large) == 1 {
		view.Large = []valueView{single(f, large[0])}
	} else {
		view.Large = values(large)
	}
	view.Beside = values(beside)
	if len(other) > 0 {
		view.Readings = append(view.Readings, readingView{"By the other reading", values(other)})
	}
	for _, r := range f.OtherReadings {
		var same pipeline.Values
		for _, x := range r.Values {
			if !strings.HasSuffix(x.Column, otherReading) {
				same = append(same, x)
			}
		}
		view.Readings = append(view.Readings, readingView{v.readingLabel(r), values(same)})
	}
	return view
}

func (v *viewer) readingLabel(r pipeline.OtherReading) string {
	label := "With " + words(r.Definition) + " read as “" + r.Reading + "”"
	if chosen := v.run.Manifest.Definitions[r.Definition]; chosen != "" {
		label += " instead of “" + chosen + "”"
	}
	return label
}

// split picks the values to print large: the one named like the figure, the
// two ends of a span as one, else up to three.
func split(name string, own pipeline.Values) (large, beside pipeline.Values) {
	if len(own) >= 2 && own[0].Column == "first_date" && own[1].Column == "last_date" {
		both := pipeline.Value{Column: "first_date", Value: display("", own[0].Value) + " – " + display("", own[1].Value)}
		return pipeline.Values{both}, own[2:]
	}
	if len(own) > 0 && own[0].Column == name {
		return own[:1], own[1:]
	}
	n := min(3, len(own))
	return own[:n], own[n:]
}

// single is a value that stands alone, so that its unit can stand beside it.
func single(f pipeline.FigureResult, x pipeline.Value) valueView {
	v := value(x)
	v.Label = ""
	if _, ok := whole(x.Value); ok {
		v.Unit = f.Unit
	}
	return v
}

func values(vs pipeline.Values) (out []valueView) {
	for _, x := range vs {
		out = append(out, value(x))
	}
	return out
}

func value(x pipeline.Value) valueView {
	text := display(x.Column, x.Value)
	return valueView{Label: words(x.Column), Text: text, Long: len([]rune(text)) > 16}
}
