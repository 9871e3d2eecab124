package reports

import (
	"html/template"
	"maps"
	"slices"
	"strings"

	"exhibit/pipeline"
)

// page is what the templates see: texts, and numbers already written out.
type page struct {
	Style          template.CSS
	Title          pipeline.Text
	Ko             bool // the case has a Korean title, so headings have one too
	Case, RunID    string
	Span           string
	CaseSHA256     string
	ManifestSHA256 string
	State          string // complete | incomplete | held
	Stops          []pipeline.Text
	Open           []string
	Headings       map[string]heading
	Order          []string // of the headings that the page has
	Headlines      []figureView
	Figures        []figureView
	Plots          []plotView
	Calendars      []calendarView
	Legend         []drawing
	Findings       []findingView
	Sources        []sourceView
	Statuses       []string
	Rejects        []rejectView
	Aside          []fileView // not simply loaded
	AsideMore      []fileView
	Loaded         int
	LoadedRows     template.HTML
	Checks         []checkView
	Passed         int
	Definitions    []pair
	Versions       []pair
	Queries        []sqlView
}

type heading struct{ ID, En, Ko string }

type pair struct{ Name, Value string }

type sqlView struct{ Path, SHA256, Text string }

type findingView struct {
	Title     pipeline.Text
	Name      string
	Rule      string
	Text      []string
	Instances string
	SHA256    string
	SQL       sqlView
}

type checkView struct {
	Title    pipeline.Text
	Passed   bool
	Severity string
	Effect   string
	Text     []string
	Rows     string
	First    tableView
	SQL      sqlView
}

// headings of the page, in its order.
var headings = []heading{
	{"figures", "Figures", "핵심 수치"},
	{"plots", "Over time and per person", "기간별·개인별 분포"},
	{"calendar", "Days covered and missing", "일자별 제공 현황"},
	{"findings", "Findings", "위반 사항"},
	{"files", "Sources and files", "출처와 파일"},
	{"checks", "Checks", "검증"},
	{"method", "How these numbers were made", "산출 방법"},
}

// viewer makes the page of one run.
type viewer struct {
	run   *Run
	bySum map[string]sqlView
}

func newPage(r *Run) *page {
	m := &r.Manifest
	v := &viewer{run: r, bySum: map[string]sqlView{}}
	p := &page{
		Title: m.Title, Ko: m.Title.Ko != "", Case: m.Case, RunID: m.RunID, Span: spanText(m.Span),
		CaseSHA256: m.CaseSHA256, ManifestSHA256: r.ManifestSHA256, Open: m.Open,
		State: "incomplete", Headings: map[string]heading{}, Legend: legend(),
	}
	for _, h := range headings {
		if !p.Ko {
			h.Ko = ""
		}
		p.Headings[h.ID] = h
	}
	if p.Title.En == "" {
		p.Title.En = m.Case
	}
	if p.Title.En == "" {
		p.Title.En = "A case without a title"
	}
	for _, q := range r.Queries {
		s := sqlView(q)
		p.Queries = append(p.Queries, s)
		if _, ok := v.bySum[q.SHA256]; !ok {
			v.bySum[q.SHA256] = s
		}
	}
	p.Definitions, p.Versions = pairs(m.Definitions), pairs(m.Versions)
	v.results(p)
	v.files(p)
	for _, h := range headings {
		if h.ID == "plots" && len(p.Plots) == 0 || h.ID == "calendar" && len(p.Calendars) == 0 {
			continue
		}
		p.Order = append(p.Order, h.ID)
	}
	switch {
	case m.HeldBack || len(p.Stops) > 0:
		p.State = "held"
	case m.Complete && len(m.Open) == 0:
		p.State = "complete"
	}
	return p
}

func (v *viewer) results(p *page) {
	p.Headlines, p.Figures = v.figures()
	for i, t := range v.run.Tables {
		p.Plots = append(p.Plots, v.plot(i+1, t))
	}
	for i, s := range v.run.Manifest.Sources {
		if c, ok := calendar(i+1, s, v.run.Manifest.Span); ok {
			p.Calendars = append(p.Calendars, c)
		}
	}
	for _, f := range v.run.Findings {
		p.Findings = append(p.Findings, findingView{Title: titled(f.Title, f.Name), Name: f.Name, Rule: f.Rule, Text: paragraphs(f.Definition),
			Instances: grouped(f.Instances), SHA256: f.SHA256, SQL: v.sql(f.SQLSHA256)})
	}
	v.checks(p)
}

// checks lists the failed ones first.
func (v *viewer) checks(p *page) {
	effects := map[pipeline.Severity]string{
		pipeline.Stop:       "holds back publication",
		pipeline.Incomplete: "makes the run incomplete",
		pipeline.Note:       "is only reported",
	}
	for _, c := range v.run.Checks {
		view := checkView{Title: titled(c.Title, c.Name), Passed: c.Passed, Severity: string(c.Severity), Effect: effects[c.Severity],
			Text: paragraphs(c.Definition), Rows: grouped(c.Rows), SQL: v.sql(c.SQLSHA256)}
		view.First.Label = "First rows of " + view.Title.En
		for i, name := range c.Columns {
			view.First.Columns = append(view.First.Columns, words(name))
			view.First.Numbers = append(view.First.Numbers, numeric(c.First, i))
		}
		for _, row := range c.First {
			view.First.Rows = append(view.First.Rows, checkRow(c.Columns, row))
		}
		if c.Passed {
			p.Passed++
		} else if c.Severity == pipeline.Stop {
			p.Stops = append(p.Stops, view.Title)
		}
		p.Checks = append(p.Checks, view)
	}
	slices.SortStableFunc(p.Checks, func(a, b checkView) int {
		switch {
		case a.Passed == b.Passed:
			return 0
		case b.Passed:
			return -1
		}
		return 1
	})
}

// checkRow lays a row out under the columns; what has no column is not shown,
// because only the column says whether it may be.
func checkRow(columns, row []string) []string {
	cells := make([]string, len(columns))
	for i := range cells {
		switch {
		case withheld(columns[i]):
			cells[i] = "withheld"
		case i < len(row):
			cells[i] = row[i]
		}
	}
	return cells
}

// numeric says whether every value of a column is a whole number.
func numeric(rows [][]string, column int) bool {
	for _, row := range rows {
		if column >= len(row) || row[column] == "" || strings.Trim(row[column], "-0123456789") != "" || strings.LastIndex(row[column], "-") > 0 {
			return false
		}
	}
	return len(rows) > 0
}

// sql finds the text of a query; Load has made sure that there is one.
func (v *viewer) sql(sum string) sqlView { return v.bySum[sum] }

func titled(t pipeline.Text, name string) pipeline.Text {
	if t.En == "" {
		t.En = words(name)
	}
	return t
}

func pairs(m map[string]string) (out []pair) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, pair{words(k), m[k]})
	}
	return out
}

// paragraphs splits prose at its empty lines.
func paragraphs(s string) (out []string) {
	for _, p := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
