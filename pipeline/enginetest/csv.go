package enginetest

import (
	"fmt"
	"strings"
)

// cell is one value of an example. An empty cell without quotes is NULL, "" is
// the empty text.
type cell struct {
	text string
	null bool
}

// readCells reads the CSV of an example: commas, quotes doubled inside quotes,
// one line a row, no newline inside a cell. Blank lines are left out, so that
// an example may group its rows.
func readCells(text string) ([][]cell, error) {
	var rows [][]cell
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		row, err := splitCells(line)
		if err != nil {
			return nil, fmt.Errorf("%d: %w", i+1, err)
		}
		if len(rows) > 0 && len(row) != len(rows[0]) {
			return nil, fmt.Errorf("%d: %d cells under %d columns", i+1, len(row), len(rows[0]))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("1: no header")
	}
	return rows, nil
}

func splitCells(line string) ([]cell, error) {
	var row []cell
	for {
		if !strings.HasPrefix(line, `"`) {
			text, rest, more := strings.Cut(line, ",")
			if strings.Contains(text, `"`) {
				return nil, fmt.Errorf("a quote inside an unquoted cell")
			}
			row = append(row, cell{text, text == ""})
			if !more {
				return row, nil
			}
			line = rest
			continue
		}
		var b strings.Builder
		line = line[1:]
		for {
			text, rest, closed := strings.Cut(line, `"`)
			if !closed {
				return nil, fmt.Errorf("a quote that nothing closes")
			}
			b.WriteString(text)
			line = rest
			if !strings.HasPrefix(line, `"`) {
				break
			}
			b.WriteByte('"')
			line = line[1:]
		}
		row = append(row, cell{b.String(), false})
		if line == "" {
			return row, nil
		}
		if !strings.HasPrefix(line, ",") {
			return nil, fmt.Errorf("text after a closing quote")
		}
		line = line[1:]
	}
}

// write gives the cell as an example writes it.
func (c cell) write() string {
	switch {
	case c.null:
		return ""
	case c.text == "" || strings.ContainsAny(c.text, "\",\n"):
		return `"` + strings.ReplaceAll(c.text, `"`, `""`) + `"`
	}
	return c.text
}

// writeCells gives rows as lines, for comparison.
func writeCells(rows [][]cell) []string {
	lines := make([]string, len(rows))
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, c := range row {
			cells[j] = c.write()
		}
		lines[i] = strings.Join(cells, ",")
	}
	return lines
}
