package reports

import (
	"bytes"
	"embed"
	"html/template"
	"io"
)

//go:embed templates
var templates embed.FS

// Render writes the report of a run as one HTML page that stands by itself: no
// script, no network, nothing outside the page. Equal runs give equal bytes.
// Figures of a run that a check holds back are shown struck through.
func Render(w io.Writer, r *Run) error {
	t, err := template.New("report.html").Funcs(template.FuncMap{"n": thousands}).ParseFS(templates, "templates/*.html")
	if err != nil {
		return err
	}
	css, err := templates.ReadFile("templates/style.css")
	if err != nil {
		return err
	}
	p := newPage(r)
	p.Style = template.CSS(css)
	var page bytes.Buffer
	if err := t.Execute(&page, p); err != nil {
		return err
	}
	_, err = w.Write(visible(page.Bytes()))
	return err
}
