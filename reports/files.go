package reports

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"exhibit/pipeline"
)

// sourceView is where one source stands.
type sourceView struct {
	Name, Kind, Sender          string
	Files                       []string // one for each of page.Statuses
	Records, Accepted, Rejected string
	Blank                       string
	Days                        string // covered of expected, or a dash
}

// rejectView is one reason for which records of a source were rejected.
type rejectView struct {
	Source, Reason, Records, Share string
}

// fileView is one delivered file.
type fileView struct {
	Source, Path, SHA256, ID    string
	Status, Reason, Date, Bytes string
	Records, Accepted, Rejected string
}

// shownFiles is how many of the files that are not loaded stand open on the page.
const shownFiles = 60

func (v *viewer) files(p *page) {
	m := &v.run.Manifest
	p.Statuses = statuses(m)
	for _, s := range m.Sources {
		view := sourceView{Name: s.Source, Kind: words(string(s.Kind)), Sender: s.Sender,
			Records: grouped(s.Records), Accepted: grouped(s.Accepted), Rejected: grouped(s.Rejected), Blank: grouped(s.Blank), Days: "—"}
		if s.DaysExpected > 0 {
			view.Days = grouped(int64(s.DaysCovered)) + " of " + grouped(int64(s.DaysExpected))
		}
		for _, status := range p.Statuses {
			view.Files = append(view.Files, grouped(int64(s.Files[pipeline.Status(status)])))
		}
		p.Sources = append(p.Sources, view)
		p.Rejects = append(p.Rejects, rejects(s)...)
	}
	var loaded strings.Builder
	for _, f := range m.Files {
		view := fileOf(f)
		switch {
		case f.Status == pipeline.Loaded:
			p.Loaded++
			view.writeRow(&loaded)
		case len(p.Aside) < shownFiles:
			p.Aside = append(p.Aside, view)
		default:
			p.AsideMore = append(p.AsideMore, view)
		}
	}
	p.LoadedRows = template.HTML(loaded.String())
}

// writeRow writes the row of a loaded file. There are thousands on a page, and
// a template takes longer for them than for all else.
func (f *fileView) writeRow(to *strings.Builder) {
	for i, part := range [...]string{
		"\n<tr><td class=\"path\">", f.Path, "<code>", f.SHA256, "</code></td><td data-label=\"source\">", f.Source,
		"</td><td class=\"date\" data-label=\"date\">", f.Date, "</td><td class=\"n\" data-label=\"records\">", f.Records,
		"</td><td class=\"n\" data-label=\"accepted\">", f.Accepted, "</td><td class=\"n\" data-label=\"rejected\">", f.Rejected,
		"</td><td class=\"n\" data-label=\"bytes\">", f.Bytes, "</td></tr>",
	} {
		if i%2 == 1 { // a text between two pieces of markup
			part = template.HTMLEscapeString(part)
		}
		to.WriteString(part)
	}
}

// statuses lists the known ones, and any other that occurs.
func statuses(m *pipeline.Manifest) []string {
	out := []string{string(pipeline.Loaded), string(pipeline.Refused), string(pipeline.Held), string(pipeline.Duplicate), string(pipeline.Superseded)}
	more := map[string]bool{}
	for _, s := range m.Sources {
		for status := range s.Files {
			if !slices.Contains(out, string(status)) {
				more[string(status)] = true
			}
		}
	}
	return append(out, slices.Sorted(maps.Keys(more))...)
}

// rejects lists the reasons of a source, the most frequent first.
func rejects(s pipeline.SourceStatus) []rejectView {
	reasons := slices.SortedFunc(maps.Keys(s.Reasons), func(a, b string) int {
		switch x, y := s.Reasons[a], s.Reasons[b]; {
		case x > y:
			return -1
		case x < y || a > b:
			return 1
		}
		return -1
	})
	var out []rejectView
	for _, reason := range reasons {
		view := rejectView{Source: s.Source, Reason: reason, Records: grouped(s.Reasons[reason]), Share: "—"}
		if s.Records > 0 {
			view.Share = perMillion(s.Reasons[reason], s.Records)
		}
		out = append(out, view)
	}
	return out
}

// perMillion writes n of total, in millionths.
func perMillion(n, total int64) string {
	share := float64(n) / float64(total) * 1e6
	if share >= 100 || share == 0 {
		return grouped(int64(share + 0.5))
	}
	return fmt.Sprintf("%.2g", share)
}

func fileOf(f pipeline.Receipt) fileView {
	view := fileView{Source: f.Source, Path: f.Path, SHA256: f.SHA256, ID: f.FileID, Status: string(f.Status), Reason: f.Reason,
		Date: f.NameDay.String(), Bytes: grouped(f.Bytes), Records: grouped(f.Records), Accepted: grouped(f.Accepted), Rejected: grouped(f.Rejected)}
	if view.Date == "" {
		view.Date = "—"
	}
	if view.ID == "" {
		view.ID = f.SHA256[:min(12, len(f.SHA256))]
	}
	return view
}
