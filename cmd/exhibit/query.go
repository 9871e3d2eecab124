package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"exhibit/pipeline"
	"exhibit/pipeline/duckdb"

	"github.com/spf13/cobra"
)

// page is how many rows of a result are in memory at a time.
const page = 8192

func (a *app) queryVerb() *cobra.Command {
	var limit int64
	c := &cobra.Command{
		Use:   "query [SQL]",
		Short: "Ask one SELECT on the tables of the case",
		Long: "Runs one SELECT on the tables of the case and prints its rows. Without an argument, or with -,\n" +
			"the SELECT is read from standard input. It cannot change the case.",
		Args: cobra.MaximumNArgs(1),
	}
	c.Flags().Int64Var(&limit, "limit", -1, "rows to print; 0 all (default: 1000 as table or json, otherwise all)")
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		sql, err := a.queryText(args)
		if err != nil {
			return err
		}
		temp, err := os.MkdirTemp("", "exhibit-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
		o, err := a.look()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.Close()) }()
		if err := o.startEngine(c.Context(), a, spillFolder(temp)); err != nil {
			return err
		}
		if limit < 0 {
			limit = map[string]int64{"table": 1000, "json": 1000}[a.format]
		}
		return a.ask(c.Context(), o, sql, limit, temp)
	}
	a.formatFlag(c, "table", "csv", "json", "jsonl", "parquet", "arrow")
	return c
}

// spillFolder is where an engine beside a case spills: always the same private
// folder, so that what a killed process left there is removed by the next.
func spillFolder(otherwise string) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return otherwise
	}
	dir := filepath.Join(cache, "exhibit")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return otherwise
	}
	return dir
}

func (a *app) queryText(args []string) (string, error) {
	sql := "-"
	if len(args) == 1 {
		sql = args[0]
	}
	if sql == "-" {
		data, err := io.ReadAll(io.LimitReader(a.in, 1<<20))
		if err != nil {
			return "", err
		}
		sql = string(data)
	}
	if strings.TrimSpace(sql) == "" {
		return "", usage(`exhibit query "SELECT count(*) FROM transfers"`, "query: no SQL")
	}
	return sql, nil
}

func (a *app) ask(ctx context.Context, o *opened, sql string, limit int64, temp string) error {
	absent, err := o.MountDerived(ctx)
	if err != nil {
		return err
	}
	if err := o.engine.Lock(ctx, []string{o.lake.Root()}); err != nil {
		return err
	}
	result, err := o.engine.Adhoc(ctx, sql)
	if err != nil {
		for _, name := range absent {
			if strings.Contains(err.Error(), name) {
				return pipeline.WithHint(pipeline.Misuse(err), "the rollup "+name+" is not up to date: exhibit run makes it")
			}
		}
		return pipeline.Misuse(err)
	}
	out := bufio.NewWriter(a.out)
	if err := a.writeResult(ctx, out, o.engine, result, limit, temp); err != nil {
		return err
	}
	return out.Flush()
}

func (a *app) writeResult(ctx context.Context, w io.Writer, e *duckdb.Engine, r *duckdb.Result, limit int64, temp string) error {
	switch a.format {
	case "arrow":
		return e.WriteArrow(ctx, w, r)
	case "parquet":
		path := filepath.Join(temp, "result.parquet")
		if err := r.Parquet(ctx, path); err != nil {
			return err
		}
		return copyFile(w, path)
	}
	n := r.Count
	if limit > 0 {
		n = min(n, limit)
	}
	if a.format == "json" {
		return a.writeResultJSON(ctx, w, r, n)
	}
	for at := int64(0); at == 0 || at < n; at += page {
		rows, err := r.Page(ctx, at, min(page, n-at))
		if err != nil {
			return err
		}
		t := &table{columns: columnNames(r.Columns), rows: rows.Values}
		switch a.format {
		case "csv":
			err = t.writeCSV(w, at == 0)
		case "jsonl":
			err = t.writeJSONL(w)
		default:
			err = t.writeText(w)
		}
		if err != nil {
			return err
		}
	}
	if n < r.Count {
		fmt.Fprintf(a.err, "%s of %s rows; --limit 0 prints all\n", grouped(n), grouped(r.Count))
	}
	return nil
}

func columnNames(columns []pipeline.Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// writeResultJSON writes one object: the columns, the rows, how many there
// really are, and whether some are left out.
func (a *app) writeResultJSON(ctx context.Context, w io.Writer, r *duckdb.Result, n int64) error {
	type column struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	columns := make([]column, len(r.Columns))
	for i, c := range r.Columns {
		columns[i] = column(c)
	}
	head, err := json.Marshal(columns)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "{\"schema_version\":%d,\"columns\":%s,\"rows\":[", pipeline.SchemaVersion, head)
	for at := int64(0); at < n; at += page {
		rows, err := r.Page(ctx, at, min(page, n-at))
		if err != nil {
			return err
		}
		t := &table{columns: columnNames(r.Columns), rows: rows.Values}
		for i := range t.rows {
			data, err := json.Marshal(t.values(i))
			if err != nil {
				return err
			}
			if at+int64(i) > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, "\n%s", data)
		}
	}
	_, err = fmt.Fprintf(w, "],\"count\":%d,\"truncated\":%v}\n", r.Count, n < r.Count)
	return err
}

func copyFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, f.Close())
}
