package duckdb

import (
	"math/rand/v2"
	"strings"
	"testing"

	"exhibit/pipeline"
)

func TestClosedSelect(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT 1": true,
		"-- 한글; )\nwith a AS (SELECT 1) TABLE a;\n": true,
		"SELECT ')' AS \")\" -- )":                  true,
		"SELECT 'it''s ('":                          true,
		"SELECT 1; SELECT 2":                        false,
		"SELECT 1) LIMIT 1; COPY (SELECT 1) TO 'x'; SELECT * FROM (SELECT 1": false,
		"SELECT 1) UNION (SELECT 2":              false,
		"SELECT ((1)":                            false,
		"persons":                                false,
		"VALUES (1)":                             false,
		"COPY (SELECT 1) TO 'x'":                 false,
		"SELECTED":                               false,
		"SELECT E'\\') -- '":                     false,
		"SELECT $$)$$":                           false,
		"SELECT /* ) */ 1":                       false,
		"SELECT ?":                               false,
		"SELECT 'open":                           false,
		"-- SELECT 1":                            false,
		"-- a\rSELECT 1) --\nSELECT 1":           false,
		"SELECT * FROM (PIVOT persons ON known)": false,
		"":                                       false,
	} {
		if got := closedSelect(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// A text that the engine need not be asked about is one that the engine lets
// pass: of made-up texts, each that reads as closed and runs between
// parentheses is one SELECT by itself.
func TestClosedSelectsAreSelects(t *testing.T) {
	e := open(t, Options{Threads: 1})
	mount(t, e, pipeline.Mounted{Def: persons, Rows: [][]any{{int64(1), true}}})
	parts := strings.Split("SELECT |SELECT 1|SELECT 1 AS a|WITH x AS (|FROM persons|(|)| UNION |, |; |'|''|\"|--|\n|/*|*/|$$|E'|\\|1|a|persons| x| LIMIT 1|COPY |VALUES (1)|*| ORDER BY 1|TABLE persons|?", "|")
	r := rand.New(rand.NewPCG(7, 7))
	ran := 0
	for range 20_000 {
		text := parts[r.IntN(4)]
		for range r.IntN(8) {
			text += parts[r.IntN(len(parts))]
		}
		if !closedSelect(text) {
			continue
		}
		if _, err := e.rows(t.Context(), sub(text)+" LIMIT 2", 2); err != nil {
			continue
		}
		ran++
		if err := e.oneSelect(t.Context(), text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if ran < 100 {
		t.Errorf("only %d texts ran", ran)
	}
}
