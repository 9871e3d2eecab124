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
// job but those of Drop, and file_id; account_key resolved through Keys; in
// the order of account_key (NULL first) and, within one, of the staged file.
// Equal jobs give equal bytes. It returns the number of rows; an account_key
// without a key is an error. After an error nothing of it lies at Out.
func (e *Engine) Convert(ctx context.Context, job pipeline.Conversion) (_ int64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	staged, err := quotePath(job.Staged)
	if err != nil {
		return 0, err
	}
	key, join := "CAST(NULL AS INTEGER)", ""
	if slices.ContainsFunc(job.Columns, func(c pipeline.Column) bool { return c.Name == "account_key" }) {
		if err := e.checkKeys(ctx, staged, len(job.Keys)); err != nil {
			return 0, err
		}
		var done func() error
		if key, join, done, err = e.resolve(ctx, job.Keys, "s.account_key"); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, done()) }()
	}
	var list []string
	for _, c := range job.Columns {
		switch {
		case slices.Contains(job.Drop, c.Name):
		case c.Name == "account_key":
			list = append(list, "key AS account_key")
		default:
			list = append(list, fmt.Sprintf("CAST(%s AS %s) AS %[1]s", ident(c.Name), c.Type))
		}
	}
	list = append(list, quote(job.FileID)+" AS file_id")
	where := ""
	if job.Day != pipeline.NoDay {
		where = " WHERE s.transfer_date = DATE " + quote(job.Day.String())
	}
	return e.copyTo(ctx, fmt.Sprintf(`SELECT %s FROM (
SELECT s.*, %s AS key FROM read_parquet([%s], hive_partitioning = false, file_row_number = true) s%s%s
) ORDER BY key NULLS FIRST, file_row_number`, strings.Join(list, ", "), key, staged, join, where), job.Out, job.Metadata)
}

// ConvertAccounts writes the accounts that a staged file makes known: the
// columns account_key, sender and account_id, in the order of the keys. It
// returns their number. After an error nothing of it lies at Out.
func (e *Engine) ConvertAccounts(ctx context.Context, job pipeline.AccountConversion) (_ int64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	staged, err := quotePath(job.Staged)
	if err != nil {
		return 0, err
	}
	n, err := e.number(ctx, "SELECT count(*) FROM read_parquet(["+staged+"])")
	if err != nil {
		return 0, err
	}
	if n != int64(len(job.Keys)) {
		return 0, fmt.Errorf("%d staged accounts, %d keys", n, len(job.Keys))
	}
	key, join, done, err := e.resolve(ctx, job.Keys, "(-1 - s.file_row_number)")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, done()) }()
	return e.copyTo(ctx, fmt.Sprintf(`SELECT key AS account_key, %s AS sender, account_id FROM (
SELECT s.account_id, %s AS key FROM read_parquet([%s], hive_partitioning = false, file_row_number = true) s%s
) WHERE key >= %d ORDER BY key`, quote(job.Sender), key, staged, join, job.First), job.Out, nil)
}

// checkKeys holds every new account of a staged file to have a key.
func (e *Engine) checkKeys(ctx context.Context, staged string, keys int) error {
	lowest, err := e.number(ctx, "SELECT coalesce(min(account_key), 0) FROM read_parquet(["+staged+"])")
	if err != nil {
		return err
	}
	if -lowest > int64(keys) {
		return fmt.Errorf("the staged file has %d new accounts, and %d keys were given", -lowest, keys)
	}
	return nil
}

// resolve gives an expression of type INTEGER for the key that a staged key
// stands for, and the join that it needs. Keys that follow on one another, the
// common case, need none. done removes what the join reads.
func (e *Engine) resolve(ctx context.Context, keys []int32, staged string) (expr, join string, done func() error, err error) {
	done = func() error { return nil }
	if consecutive(keys) {
		first := int32(0)
		if len(keys) > 0 {
			first = keys[0]
		}
		return fmt.Sprintf("CAST(CASE WHEN %s < 0 THEN %d - 1 - CAST(%[1]s AS BIGINT) ELSE %[1]s END AS INTEGER)", staged, first), "", done, nil
	}
	const table = "exhibit_keys"
	if err := e.exec(ctx, "CREATE OR REPLACE TEMP TABLE "+table+" (staged BIGINT, key INTEGER)"); err != nil {
		return "", "", nil, err
	}
	done = func() error { return e.exec(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS temp."+table) }
	err = e.fill(table, len(keys), func(i int, row []driver.Value) error {
		row[0], row[1] = int64(-1-i), keys[i]
		return ctx.Err()
	}, 2)
	if err != nil {
		return "", "", nil, errors.Join(err, done())
	}
	return fmt.Sprintf("CASE WHEN %s < 0 THEN m.key ELSE CAST(%[1]s AS INTEGER) END", staged),
		" LEFT JOIN temp." + table + " m ON m.staged = " + staged, done, nil
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
