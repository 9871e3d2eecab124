package duckdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// errOneSelect is what a refused text gets, with the cause behind it.
var errOneSelect = errors.New("query: only one SELECT on the tables of the case is allowed")

// tableFunctions are all that may stand in FROM beside tables: the others read
// files, change the engine, or print paths.
var tableFunctions = map[string]bool{"range": true, "generate_series": true, "unnest": true}

// refusedFunctions show settings, run text as SQL, or read the catalog. The
// functions that the engine calls volatile are refused as well, but for random.
var refusedFunctions = map[string]bool{
	"current_setting": true, "getenv": true, "getvariable": true, "pg_get_constraintdef": true, "pg_get_expr": true,
	"pg_get_viewdef": true, "pg_sleep": true, "json_serialize_plan": true, "json_serialize_sql": true, "json_deserialize_sql": true,
}

// plainName is a name in which the engine sees no file.
var plainName = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// gate refuses a text that is not exactly one SELECT on the mounted tables. It
// looks at the engine's own parse of the text, before anything is bound:
// binding alone opens the files that a text names.
func (e *Engine) gate(ctx context.Context, text string) error {
	if strings.ContainsRune(text, 0) {
		return fmt.Errorf("%w: the text holds a NUL byte", errOneSelect)
	}
	var parsed string
	row := e.conn.QueryRowContext(ctx, "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)", text)
	if err := row.Scan(&parsed); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %w", errOneSelect, withoutValues(ctx, err))
	}
	var tree struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Statements []any  `json:"statements"`
	}
	if err := json.Unmarshal([]byte(parsed), &tree); err != nil {
		return fmt.Errorf("%w: the text is nested too deeply", errOneSelect)
	}
	switch {
	case tree.Error:
		return fmt.Errorf("%w: %s", errOneSelect, tree.Message)
	case len(tree.Statements) != 1:
		return fmt.Errorf("%w: the text has %d statements", errOneSelect, len(tree.Statements))
	}
	if err := e.learn(ctx); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	g := &sieve{engine: e, ctes: map[string]bool{}}
	if err := g.names(tree.Statements[0]); err != nil {
		return fmt.Errorf("%w: %w", errOneSelect, err)
	}
	if err := g.walk(tree.Statements[0]); err != nil {
		return fmt.Errorf("%w: %w", errOneSelect, err)
	}
	if err := e.oneSelect(ctx, text); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

// sieve holds the tables and functions of a parsed text against what is allowed.
type sieve struct {
	engine *Engine
	ctes   map[string]bool
}

// names collects the names that WITH gives. A name that is also a view of the
// engine, or that could be a file's, would mean something else where the WITH
// does not reach.
func (g *sieve) names(node any) error {
	return each(node, func(m map[string]any) error {
		ctes, _ := m["cte_map"].(map[string]any)
		list, _ := ctes["map"].([]any)
		for _, x := range list {
			entry, _ := x.(map[string]any)
			name, _ := entry["key"].(string)
			if !plainName.MatchString(name) || g.engine.builtins[strings.ToLower(name)] {
				return fmt.Errorf("%s is no name for a WITH", ident(name))
			}
			g.ctes[strings.ToLower(name)] = true
		}
		return nil
	})
}

func (g *sieve) walk(node any) error {
	return each(node, func(m map[string]any) error {
		if name, ok := m["function_name"].(string); ok && g.refused(strings.ToLower(name)) {
			return fmt.Errorf("the function %s is not for queries", name)
		}
		switch m["type"] {
		case "BASE_TABLE":
			return g.table(m)
		case "SHOW_REF":
			return errors.New("no DESCRIBE, SHOW or SUMMARIZE")
		case "TABLE_FUNCTION":
			f, _ := m["function"].(map[string]any)
			if name, _ := f["function_name"].(string); !tableFunctions[strings.ToLower(name)] {
				return fmt.Errorf("the table function %s is not for queries", name)
			}
		}
		return nil
	})
}

func (g *sieve) refused(name string) bool {
	return refusedFunctions[name] || g.engine.volatile[name] && name != "random"
}

func (g *sieve) table(m map[string]any) error {
	name, _ := m["table_name"].(string)
	schema, _ := m["schema_name"].(string)
	catalog, _ := m["catalog_name"].(string)
	if catalog != "" || schema != "" && !strings.EqualFold(schema, "main") {
		return fmt.Errorf("%s is no table of the case", ident(name))
	}
	if schema == "" && g.ctes[strings.ToLower(name)] {
		return nil
	}
	for _, t := range g.engine.mounted.names() {
		if strings.EqualFold(t, name) {
			return nil
		}
	}
	return fmt.Errorf("%s is no table of the case", ident(name))
}

// each calls f for every object of a parsed text.
func each(node any, f func(map[string]any) error) error {
	switch node := node.(type) {
	case map[string]any:
		if err := f(node); err != nil {
			return err
		}
		for _, x := range node {
			if err := each(x, f); err != nil {
				return err
			}
		}
	case []any:
		for _, x := range node {
			if err := each(x, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// learn reads from the engine what the gate must know, once: a run that asks
// nothing of its own need not wait for it.
func (e *Engine) learn(ctx context.Context) (err error) {
	if e.volatile != nil {
		return nil
	}
	if e.builtins, err = e.set(ctx, "SELECT DISTINCT lower(view_name) FROM duckdb_views()"); err != nil {
		return err
	}
	e.volatile, err = e.set(ctx, "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE stability = 'VOLATILE' OR has_side_effects")
	return err
}

func (e *Engine) set(ctx context.Context, text string) (map[string]bool, error) {
	r, err := e.rows(ctx, text, 0)
	if err != nil {
		return nil, err
	}
	set := map[string]bool{}
	for _, row := range r.Values {
		name, _ := row[0].(string)
		set[name] = true
	}
	return set, nil
}
