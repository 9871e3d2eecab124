package enginetest

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"exhibit/pipeline"
)

// example is a worked example: a comment, and scenarios. The files at the top
// of the archive are the first scenario, those below a folder another one that
// replaces some of them.
type example struct {
	zero      bool // the comment says "zero: why"
	scenarios []scenario
}

type scenario struct {
	name   string // "" for the first
	tables map[string][][]cell
	want   [][]cell
}

const (
	wantFile = "want.csv"
	zeroMark = "zero:"
)

// readExample reads a .txtar. Errors begin with "file of the archive:line".
func readExample(data []byte) (*example, error) {
	archive := txtar.Parse(data)
	ex := &example{}
	for line := range strings.SplitSeq(string(archive.Comment), "\n") {
		ex.zero = ex.zero || strings.HasPrefix(line, zeroMark)
	}
	if strings.TrimSpace(string(archive.Comment)) == "" {
		return nil, fmt.Errorf("no comment; say which naive version would fail, and with what")
	}
	folders := map[string]map[string][][]cell{"": {}}
	for _, f := range archive.Files {
		rows, err := readCells(string(f.Data))
		if err != nil {
			return nil, fmt.Errorf("%s:%w", f.Name, err)
		}
		folder, base := path.Split(f.Name)
		if folders[folder] == nil {
			folders[folder] = map[string][][]cell{}
		}
		if folders[folder][base] != nil {
			return nil, fmt.Errorf("%s: there twice", f.Name)
		}
		folders[folder][base] = rows
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		files := maps.Clone(folders[""])
		maps.Copy(files, folders[folder])
		s := scenario{name: strings.TrimSuffix(folder, "/"), tables: map[string][][]cell{}, want: folders[folder][wantFile]}
		if s.want == nil {
			return nil, fmt.Errorf("%s%s: not there", folder, wantFile)
		}
		delete(files, wantFile)
		for name, rows := range files {
			table, ok := strings.CutSuffix(name, ".csv")
			if !ok {
				return nil, fmt.Errorf("%s%s: no .csv", folder, name)
			}
			s.tables[table] = rows
		}
		ex.scenarios = append(ex.scenarios, s)
	}
	return ex, nil
}

// mounted gives the scenario's tables for a query: those that it needs, and
// nothing else. Columns that a file leaves out are NULL. params and calendar
// may be left out; then they are those of January 2024, or of the days that
// occur in the other tables.
func (s *scenario) mounted(q *pipeline.Query) ([]pipeline.Mounted, error) {
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		if !slices.Contains(q.Needs, name) && name != "params" {
			return nil, fmt.Errorf("%s.csv: no table that the header needs", name)
		}
	}
	var tables []pipeline.Mounted
	for _, name := range q.Needs {
		def, ok := pipeline.LookupTable(name)
		if !ok {
			return nil, fmt.Errorf("%s: no table of pipeline.Tables", name)
		}
		cells, given := s.tables[name]
		var rows [][]any
		var err error
		switch {
		case given:
			rows, err = typed(def, cells)
		case name == "params":
			rows = [][]any{defaultParams(def)}
		case name == "calendar":
			rows, err = s.calendar()
		default:
			err = fmt.Errorf("not in the example, but the header needs it")
		}
		if err != nil {
			return nil, fmt.Errorf("%s.csv: %w", name, err)
		}
		tables = append(tables, pipeline.Mounted{Def: def, Rows: rows})
	}
	return tables, nil
}

// typed turns cells under a header into the rows of a table.
func typed(def pipeline.TableDef, cells [][]cell) ([][]any, error) {
	at := make([]int, len(cells[0])) // column of the file → column of the table
	for i, c := range cells[0] {
		at[i] = slices.IndexFunc(def.Columns, func(d pipeline.Column) bool { return d.Name == c.text })
		if at[i] < 0 || slices.Contains(at[:i], at[i]) {
			return nil, fmt.Errorf("column %q is not one of the table, or there twice", c.text)
		}
	}
	rows := make([][]any, 0, len(cells)-1)
	for n, line := range cells[1:] {
		row := make([]any, len(def.Columns))
		if def.Name == "params" {
			row = defaultParams(def)
		}
		for i, c := range line {
			v, err := value(c, def.Columns[at[i]].Type)
			if err != nil {
				return nil, fmt.Errorf("row %d: %s: %w", n+1, def.Columns[at[i]].Name, err)
			}
			row[at[i]] = v
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// value reads a cell as a value of Mounted.Rows.
func value(c cell, typ string) (any, error) {
	if c.null {
		return nil, nil
	}
	switch typ {
	case "INTEGER", "BIGINT":
		return strconv.ParseInt(c.text, 10, 64)
	case "BOOLEAN":
		return strconv.ParseBool(c.text)
	case "DATE":
		return pipeline.ParseDay(c.text)
	case "VARCHAR":
		return c.text, nil
	}
	return nil, fmt.Errorf("%s is no type of an example", typ)
}

// show gives a value of a result as an example writes it.
func show(v any) cell {
	switch v := v.(type) {
	case nil:
		return cell{null: true}
	case string:
		return cell{text: v}
	case int64:
		return cell{text: strconv.FormatInt(v, 10)}
	case bool:
		return cell{text: strconv.FormatBool(v)}
	case pipeline.Day:
		return cell{text: v.String(), null: v == pipeline.NoDay}
	}
	return cell{text: fmt.Sprintf("%T, which is no type of a result", v)}
}

// defaultParams is January 2024 with the definitions that hold where case.yaml
// is silent.
func defaultParams(def pipeline.TableDef) []any {
	defaults := pipeline.DefaultDefinitions()
	span := january()
	given := map[string]any{
		"span_from": span.From, "span_to": span.To,
		"overseas_payment": defaults.OverseasPayment, "holders": defaults.Holders, "outsourcing": defaults.Outsourcing,
		"rejected_per_million": int64(10_000), "bulk_times": int64(3), "home_country": "KR",
	}
	row := make([]any, len(def.Columns))
	for i, c := range def.Columns {
		row[i] = given[c.Name]
	}
	return row
}

func january() pipeline.DayRange {
	const from = pipeline.Day(19723) // 2024-01-01
	return pipeline.DayRange{From: from, To: from + 30}
}

// calendar has each day of the span, and each day outside it on which
// something was sent.
func (s *scenario) calendar() ([][]any, error) {
	span := january()
	if cells, ok := s.tables["params"]; ok {
		def, _ := pipeline.LookupTable("params")
		rows, err := typed(def, cells)
		if err != nil {
			return nil, err
		}
		span = pipeline.DayRange{From: rows[0][0].(pipeline.Day), To: rows[0][1].(pipeline.Day)}
	}
	days := map[pipeline.Day]bool{}
	for d := span.From; d <= span.To; d++ {
		days[d] = true
	}
	for _, cells := range s.tables {
		i := slices.IndexFunc(cells[0], func(c cell) bool { return c.text == "transfer_date" })
		for _, line := range cells[1:] {
			if i < 0 || line[i].null {
				continue
			}
			d, err := pipeline.ParseDay(line[i].text)
			if err != nil {
				return nil, err
			}
			days[d] = true
		}
	}
	return calendarRows(days, span), nil
}

// calendarRows gives the rows of the table calendar.
func calendarRows(days map[pipeline.Day]bool, span pipeline.DayRange) [][]any {
	var rows [][]any
	for _, d := range slices.Sorted(maps.Keys(days)) {
		day := int64(d.Time().Day())
		rows = append(rows, []any{d, int64(d), int64(d.Month()), day, int64(1) << (day - 1), span.Holds(d)})
	}
	return rows
}
