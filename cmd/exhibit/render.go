package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"exhibit/pipeline"

	"github.com/mattn/go-runewidth"
)

// table is a small result on its way to stdout.
type table struct {
	columns []string
	rows    [][]any
}

func newTable(columns ...string) *table { return &table{columns: columns} }

func (t *table) add(values ...any) { t.rows = append(t.rows, values) }

// write prints the table in one of the formats table, csv, json and jsonl.
func (t *table) write(w io.Writer, format string) error {
	switch format {
	case "csv":
		return t.writeCSV(w, true)
	case "json":
		rows := make([]pipeline.Values, len(t.rows))
		for i := range t.rows {
			rows[i] = t.values(i)
		}
		return writeJSON(w, struct {
			SchemaVersion int               `json:"schema_version"`
			Rows          []pipeline.Values `json:"rows"`
			Count         int               `json:"count"`
			Truncated     bool              `json:"truncated"`
		}{pipeline.SchemaVersion, rows, len(rows), false})
	case "jsonl":
		return t.writeJSONL(w)
	}
	return t.writeText(w)
}

// values gives a row with the names of its columns.
func (t *table) values(i int) pipeline.Values {
	v := make(pipeline.Values, len(t.columns))
	for k, c := range t.columns {
		v[k] = pipeline.Value{Column: c, Value: jsonValue(t.rows[i][k])}
	}
	return v
}

func (t *table) writeCSV(w io.Writer, header bool) error {
	out := csv.NewWriter(w)
	if header {
		if err := out.Write(t.columns); err != nil {
			return err
		}
	}
	record := make([]string, len(t.columns))
	for _, row := range t.rows {
		for k, v := range row {
			record[k] = text(v)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (t *table) writeJSONL(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range t.rows {
		if err := e.Encode(t.values(i)); err != nil {
			return err
		}
	}
	return nil
}

// writeText aligns columns by the width that a terminal gives their text;
// numbers stand to the right.
func (t *table) writeText(w io.Writer) error {
	width := make([]int, len(t.columns))
	toRight := make([]bool, len(t.columns))
	cells := [][]string{t.columns}
	for k := range t.columns {
		toRight[k] = len(t.rows) > 0
	}
	for _, row := range t.rows {
		line := make([]string, len(row))
		for k, v := range row {
			line[k] = printable(text(v))
			if !isRight(v) {
				toRight[k] = false
			}
		}
		cells = append(cells, line)
	}
	for _, line := range cells {
		for k, cell := range line {
			width[k] = max(width[k], runewidth.StringWidth(cell))
		}
	}
	for _, line := range cells {
		var b strings.Builder
		for k, cell := range line {
			pad := strings.Repeat(" ", width[k]-runewidth.StringWidth(cell))
			if toRight[k] {
				b.WriteString(pad + cell)
			} else {
				b.WriteString(cell + pad)
			}
			if k < len(line)-1 {
				b.WriteString("  ")
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// right is a text that stands to the right of its column, as numbers do.
type right struct{ text string }

func (r right) String() string { return r.text }

func isRight(v any) bool {
	switch v.(type) {
	case nil, int64, right:
		return true
	}
	return false
}

// printable shows control characters as Go writes them, so that no text of a
// file can steer a terminal.
func printable(s string) string {
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	q := fmt.Sprintf("%+q", s)
	return q[1 : len(q)-1]
}

func unprintable(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfffd
}

// text gives a value as csv and table show it.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999")
	}
	return fmt.Sprint(v)
}

// jsonValue gives a value as JSON holds it.
func jsonValue(v any) any {
	switch v := v.(type) {
	case nil, int64, int, bool, string, float64:
		return v
	}
	return text(v)
}

func writeJSON(w io.Writer, v any) error {
	data, err := pipeline.MarshalResult(v)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// grouped writes a whole number with commas between its thousands.
func grouped(v any) string {
	n, ok := v.(int64)
	if !ok {
		return text(v)
	}
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
