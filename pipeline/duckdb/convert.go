package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"exhibit/pipeline"
)

// Convert writes the rows of a staged file as lake Parquet: the columns of the
// job but those of Drop, and file_id; account_key and recipient_key resolved
// through Keys; in the order of account_key (NULL first) and, within one, of
// the staged file. Equal jobs give equal bytes. It returns the number of rows;
// a staged number without a key is an error. After an error nothing of it lies
// at Out.
func (e *Engine) Convert(ctx context.Context, job pipeline.Conversion) (_ int64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	staged, err := quotePath(job.Staged)
	if err != nil {
		return 0, err
	}
	restore, err := e.spare(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, restore()) }()
	keys := map[string]string{"account_key": "CAST(NULL AS INTEGER)", "recipient_key": "CAST(NULL AS INTEGER)"}
	joins := ""
	var list []string
	for _, c := range job.Columns {
		name := c.Name
		if _, isKey := keys[name]; isKey {
			expr, join, done, err := e.resolve(ctx, "exhibit_"+name, resolved{keys: job.Keys[name], first: -1}, "s."+name)
			if err != nil {
				return 0, err
			}
			defer func() { err = errors.Join(err, done()) }()
			keys[name], joins = expr, joins+join
			name = "resolved_" + name
		}
		if !slices.Contains(job.Drop, c.Name) {
			list = append(list, fmt.Sprintf("CAST(%s AS %s) AS %s", ident(name), c.Type, ident(c.Name)))
		}
	}
	list = append(list, quote(job.FileID)+" AS file_id")
	where := ""
	if job.Day != pipeline.NoDay {
		where = " WHERE s.transfer_date = DATE " + quote(job.Day.String())
	}
	return e.copyTo(ctx, fmt.Sprintf(`SELECT %s FROM (
SELECT s.*, %s AS resolved_account_key, %s AS resolved_recipient_key
FROM read_parquet([%s], hive_partitioning = false, file_row_number = true) s%s%s
) ORDER BY resolved_account_key NULLS FIRST, file_row_number`,
		strings.Join(list, ", "), keys["account_key"], keys["recipient_key"], staged, joins, where), job.Out, job.Metadata)
}

// ConvertList writes what a staged file makes known: the key, the constants
// and the columns of the job, in the order of the keys. It returns their
// number. After an error nothing of it lies at Out.
func (e *Engine) ConvertList(ctx context.Context, job pipeline.ListConversion) (_ int64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	staged, err := quotePath(job.Staged)
	if err != nil {
		return 0, err
	}
	restore, err := e.spare(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, restore()) }()
	n, err := e.number(ctx, "SELECT count(*) FROM read_parquet(["+staged+"])")
	if err != nil {
		return 0, err
	}
	if n != int64(len(job.Keys)) {
		return 0, fmt.Errorf("%d staged entries, %d keys", n, len(job.Keys))
	}
	key, join, done, err := e.resolve(ctx, "exhibit_list", resolved{job.Keys, job.First}, "(-1 - s.file_row_number)")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, done()) }()
	list := []string{"resolved_key AS " + ident(job.Key)}
	for _, c := range job.Constants {
		list = append(list, quote(c.Text)+" AS "+ident(c.Column))
	}
	for _, c := range job.Columns {
		list = append(list, ident(c))
	}
	which := fmt.Sprintf(" WHERE resolved_key >= %d ORDER BY resolved_key", job.First)
	if consecutive(job.Keys) && n > 0 && job.Keys[0] == job.First {
		which = "" // all of them, in their order: tens of millions need not be sorted
	}
	return e.copyTo(ctx, fmt.Sprintf(`SELECT %s FROM (
SELECT s.*, %s AS resolved_key FROM read_parquet([%s], hive_partitioning = false, file_row_number = true) s%s
)%s`, strings.Join(list, ", "), key, staged, join, which), job.Out, nil)
}

// conversionMemory is the engine's limit while it converts, beside the readers
// and the registries.
const conversionMemory = 512 << 20

// spare lowers the engine's limit until restore is called.
func (e *Engine) spare(ctx context.Context) (restore func() error, err error) {
	set := func(ctx context.Context, bytes int64) error {
		return e.exec(ctx, fmt.Sprintf("SET memory_limit = '%dB'", bytes))
	}
	if e.memory <= conversionMemory {
		return func() error { return nil }, nil
	}
	return func() error { return set(context.WithoutCancel(ctx), e.memory) }, set(ctx, conversionMemory)
}

// withoutKey ends a statement that meets a staged entry without a key.
const withoutKey = "CAST(error('a staged entry has no key') AS INTEGER)"

// resolved are the keys of staged entries. Of a list that begins at first, those
// that are not the next one have no row: -1 stands for them.
type resolved struct {
	keys  []int32
	first int32 // -1: every key counts
}

// resolve gives an expression of type INTEGER for the key that a staged key
// stands for, and the join that it needs, on a table of that name. Keys that follow on one another, the
// common case, need none. done removes what the join reads.
func (e *Engine) resolve(ctx context.Context, table string, by resolved, staged string) (expr, join string, done func() error, err error) {
	keys, next := by.keys, by.first
	done = func() error { return nil }
	if consecutive(keys) {
		first := int32(0)
		if len(keys) > 0 {
			first = keys[0]
		}
		return fmt.Sprintf("CAST(CASE WHEN %s < %d THEN %s WHEN %[1]s < 0 THEN %[4]d - 1 - CAST(%[1]s AS BIGINT) ELSE %[1]s END AS INTEGER)",
			staged, -len(keys), withoutKey, first), "", done, nil
	}
	if err := e.exec(ctx, "CREATE OR REPLACE TEMP TABLE "+table+" (staged BIGINT, key INTEGER)"); err != nil {
		return "", "", nil, err
	}
	done = func() error { return e.exec(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS temp."+table) }
	err = e.fill(table, len(keys), func(i int, row []driver.Value) error {
		row[0], row[1] = int64(-1-i), keys[i]
		if by.first >= 0 && keys[i] != next {
			row[1] = int32(-1)
		} else {
			next++
		}
		return ctx.Err()
	}, 2)
	if err != nil {
		return "", "", nil, errors.Join(err, done())
	}
	return fmt.Sprintf("CASE WHEN %s < %d THEN %s WHEN %[1]s < 0 THEN %[4]s.key ELSE CAST(%[1]s AS INTEGER) END", staged, -len(keys), withoutKey, table),
		fmt.Sprintf(" LEFT JOIN temp.%s %[1]s ON %[1]s.staged = %s", table, staged), done, nil
}

func consecutive(keys []int32) bool {
	for i, k := range keys {
		if int64(k) != int64(keys[0])+int64(i) {
			return false
		}
	}
	return true
}

// number runs a statement of this package that gives one number.
func (e *Engine) number(ctx context.Context, text string) (int64, error) {
	r, err := e.rows(ctx, text, 0)
	if err != nil {
		return 0, err
	}
	n, ok := r.Values[0][0].(int64)
	if !ok {
		return 0, errors.New("no number where one was asked for")
	}
	return n, nil
}
