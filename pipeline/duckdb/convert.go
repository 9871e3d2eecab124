package duckdb

import (
	"context"
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
	done, err := e.alone()
	if err != nil {
		return 0, err
	}
	defer done()
	staged, err := quotePaths(append([]string{job.Staged}, job.More...))
	if err != nil {
		return 0, err
	}
	restore, err := e.spare(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, restore()) }()
	keys := map[string]string{"account_key": "CAST(NULL AS INTEGER)", "recipient_key": "CAST(NULL AS INTEGER)"}
	joins, where, same := "", "", ""
	var list []string
	for _, c := range job.Columns {
		name := c.Name
		if v, ok := job.Same[name]; ok {
			same += fmt.Sprintf(", %s AS %s", sameOf(c.Type, v), ident(name))
		}
		if _, isKey := keys[name]; isKey {
			expr, join, err := resolve("exhibit_"+name, job.Keys[name], "key", "s."+name)
			if err != nil {
				return 0, err
			}
			keys[name], joins = expr, joins+join
			name = "resolved_" + name
		}
		if !slices.Contains(job.Drop, c.Name) {
			list = append(list, fmt.Sprintf("CAST(%s AS %s) AS %s", ident(name), c.Type, ident(c.Name)))
		}
	}
	if job.Day != pipeline.NoDay {
		where = " WHERE s.transfer_date = DATE " + quote(job.Day.String())
	}
	// Rows that stand in their order already are written as they come. A filter would
	// make the row groups depend on the number of threads, and a join moves rows.
	from, also, order := ", file_row_number = true", "", " ORDER BY resolved_account_key NULLS FIRST, file_row_number"
	if len(job.More) > 0 {
		// Two new entries may be one account: then the first of them came first.
		also = ", s.account_key AS staged_account_key"
		order = " ORDER BY resolved_account_key NULLS FIRST, staged_account_key DESC, file_row_number"
	}
	if job.Ordered && where == "" && joins == "" {
		from, order = "", ""
	}
	// An ENUM of one text is written as that text, and as a dictionary at once: to
	// find out that all texts are the same takes a third of the time of writing.
	id := quote(job.FileID)
	return e.copyTo(ctx, fmt.Sprintf(`SELECT *, CAST(%s AS ENUM(%[1]s)) AS file_id FROM (
SELECT %s FROM (
SELECT s.*, %s AS resolved_account_key, %s AS resolved_recipient_key%s
FROM (SELECT *%s FROM read_parquet([%s], hive_partitioning = false%s)) s%s%s
)%s)`,
		id, strings.Join(list, ", "), keys["account_key"], keys["recipient_key"], also, same, staged, from, joins, where, order), job.Out, job.Metadata)
}

// sameOf is the number that all rows have in a column.
func sameOf(kind string, v int64) string {
	if kind == "DATE" {
		return fmt.Sprintf("DATE '1970-01-01' + CAST(%d AS INTEGER)", v)
	}
	return fmt.Sprintf("CAST(%d AS %s)", v, kind)
}

// quotePaths gives a list of paths.
func quotePaths(paths []string) (string, error) {
	list := make([]string, len(paths))
	for i, path := range paths {
		var err error
		if list[i], err = quotePath(path); err != nil {
			return "", err
		}
	}
	return strings.Join(list, ", "), nil
}

// ConvertList writes what a staged file makes known: the key, the constants
// and the columns of the job, in the order of the keys. It returns their
// number. After an error nothing of it lies at Out.
func (e *Engine) ConvertList(ctx context.Context, job pipeline.ListConversion) (_ int64, err error) {
	done, err := e.alone()
	if err != nil {
		return 0, err
	}
	defer done()
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
	if n != job.Keys.N {
		return 0, fmt.Errorf("%d staged entries, %d keys", n, job.Keys.N)
	}
	key, join, err := resolve("exhibit_list", job.Keys, "CASE WHEN fresh THEN key ELSE -1 END", "(-1 - s.file_row_number)")
	if err != nil {
		return 0, err
	}
	list := []string{"resolved_key AS " + ident(job.Key)}
	for _, c := range job.Constants {
		list = append(list, quote(c.Text)+" AS "+ident(c.Column))
	}
	for _, c := range job.Columns {
		list = append(list, ident(c))
	}
	which := fmt.Sprintf(" WHERE resolved_key >= %d ORDER BY resolved_key", job.First)
	if job.Keys.File == "" && job.Keys.First == job.First {
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

// resolve gives an expression of type INTEGER for the key that a staged key
// stands for, and the join that it needs, on a table of that name, of which it
// takes the column key. Keys that follow on one another, the common case, need none.
func resolve(table string, keys pipeline.Keys, key, staged string) (expr, join string, err error) {
	if keys.File == "" {
		return fmt.Sprintf("CAST(CASE WHEN %s < %d THEN %s WHEN %[1]s < 0 THEN %[4]d - 1 - CAST(%[1]s AS BIGINT) ELSE %[1]s END AS INTEGER)",
			staged, -keys.N, withoutKey, keys.First), "", nil
	}
	path, err := quotePath(keys.File)
	if err != nil {
		return "", "", err
	}
	return fmt.Sprintf("CASE WHEN %s < %d THEN %s WHEN %[1]s < 0 THEN %[4]s.key ELSE CAST(%[1]s AS INTEGER) END", staged, -keys.N, withoutKey, table),
		fmt.Sprintf(" LEFT JOIN (SELECT -1 - file_row_number AS staged, %s AS key FROM read_parquet([%s], hive_partitioning = false, file_row_number = true)) %s ON %[3]s.staged = %s",
			key, path, table, staged), nil
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
