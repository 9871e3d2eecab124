package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"exhibit/pipeline"
	"exhibit/pipeline/intake"

	"github.com/spf13/cobra"
)

// traced are the columns of a trace: one row a record of the data subject.
var traced = pipeline.TableDef{Name: "trace", Grain: "one record about the data subject", Columns: []pipeline.Column{
	{Name: "transfer_date", Type: "DATE"}, {Name: "source", Type: "VARCHAR"}, {Name: "sender", Type: "VARCHAR"},
	{Name: "recipient", Type: "VARCHAR"}, {Name: "country", Type: "VARCHAR"}, {Name: "account_id", Type: "VARCHAR"},
	{Name: "fields", Type: "VARCHAR"}, {Name: "file", Type: "VARCHAR"}, {Name: "file_id", Type: "VARCHAR"}, {Name: "record", Type: "BIGINT"},
	{Name: "line", Type: "BIGINT"}, {Name: "last_line", Type: "BIGINT"}, {Name: "byte_offset", Type: "BIGINT"}}}

func (a *app) traceVerb() *cobra.Command {
	var account, sender, reason string
	person := int64(-1)
	c := &cobra.Command{
		Use:   "trace",
		Short: "Show every record about one data subject, read again from the delivered files",
		Long: "Reads the delivered files again in which the lake has records of an account or a person, compares each\n" +
			"with its SHA-256, and prints one row a record: where it stands, when it was sent, to whom, and which\n" +
			"fields. That somebody looked, at whom (by key) and why is written into the ledger before.",
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&account, "account", "", "the account, as the sender writes it")
	c.Flags().StringVar(&sender, "sender", "", "of --account: only this sender's")
	c.Flags().Int64Var(&person, "person", -1, "the person_key, as in findings: all accounts that the person holds")
	c.Flags().StringVar(&reason, "reason", "", "why (required; kept in the ledger)")
	c.RunE = func(c *cobra.Command, args []string) error {
		byAccount := c.Flags().Changed("account")
		switch {
		case byAccount == c.Flags().Changed("person"):
			return usage("", "trace: one of --account and --person is required")
		case strings.TrimSpace(reason) == "":
			return usage("--reason \"request of the data subject of …\"", "trace: a reason is required")
		}
		condition := fmt.Sprintf("account_key IN (SELECT account_key FROM holders WHERE person_key = %d)", person)
		if byAccount {
			condition = "account_id = " + sqlText(account)
			if sender != "" {
				condition += " AND sender = " + sqlText(sender)
			}
		}
		return a.working(func(c *cobra.Command, o *opened, _ []string) error {
			return a.trace(c.Context(), o, condition, reason)
		})(c, args)
	}
	a.formatFlag(c, "table", "csv", "json", "jsonl", "parquet", "arrow")
	return c
}

// sqlText writes a text as SQL.
func sqlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (a *app) trace(ctx context.Context, o *opened, condition, reason string) error {
	if absent, err := o.MountDerived(ctx); err != nil {
		return err
	} else if len(absent) > 0 {
		return pipeline.WithHint(pipeline.Misuse(fmt.Errorf("trace: %s not up to date", strings.Join(absent, ", "))), "exhibit run first")
	}
	accounts, keys, err := o.accountsWhere(ctx, condition)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return usage("exhibit query \"SELECT * FROM accounts LIMIT 5\" shows how they are written", "trace: no such account in the case")
	}
	if err := o.RecordAccess(pipeline.Access{Verb: "trace", Reason: reason, Operator: operator(), Accounts: keys}); err != nil {
		return err
	}
	rows, err := o.recordsOf(ctx, accounts, keys)
	if err != nil {
		return err
	}
	if err := o.engine.Mount(ctx, pipeline.Mounted{Def: traced, Rows: rows}); err != nil {
		return err
	}
	result, err := o.engine.Adhoc(ctx, "SELECT * FROM trace ORDER BY transfer_date, source, file, record")
	if err != nil {
		return err
	}
	temp, err := o.lake.Staging()
	if err != nil {
		return err
	}
	o.talk.done()
	out := bufio.NewWriter(a.out)
	if err := a.writeResult(ctx, out, o.engine, result, 0, temp); err != nil {
		return err
	}
	return out.Flush()
}

// sentBy is an account as it stands in a delivered file.
type sentBy struct{ sender, account string }

// accountsWhere finds accounts by a condition on account_ids.
func (o *opened) accountsWhere(ctx context.Context, condition string) (map[sentBy]bool, []int64, error) {
	rows, err := o.engine.Select(ctx, "SELECT account_key, sender, account_id FROM account_ids WHERE "+condition+" ORDER BY account_key", 0)
	if err != nil {
		return nil, nil, err
	}
	accounts := map[sentBy]bool{}
	var keys []int64
	for _, r := range rows.Values {
		key, ok1 := r[0].(int64)
		sender, ok2 := r[1].(string)
		id, ok3 := r[2].(string)
		if !ok1 || !ok2 || !ok3 {
			return nil, nil, fmt.Errorf("account_ids: a row without a key, a sender or an account")
		}
		accounts[sentBy{sender, id}] = true
		keys = append(keys, key)
	}
	return accounts, keys, nil
}

// recordsOf reads the delivered files again in which the lake has records of
// the accounts. The number of records must be the lake's.
func (o *opened) recordsOf(ctx context.Context, accounts map[sentBy]bool, keys []int64) ([][]any, error) {
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(keys), " ", ", "), "[]")
	found, err := o.engine.Select(ctx, "SELECT source, file_id, count(*) AS records FROM transfers WHERE account_key IN ("+list+
		") GROUP BY source, file_id ORDER BY source, file_id", 0)
	if err != nil {
		return nil, err
	}
	o.talk.Stage("trace", len(found.Values))
	var rows [][]any
	for _, f := range found.Values {
		before := len(rows)
		source, id, want := fmt.Sprint(f[0]), fmt.Sprint(f[1]), f[2]
		r, err := o.loadedFile(source, id)
		if err != nil {
			return nil, err
		}
		src := o.Case.Source(source)
		err = o.replay(ctx, r, func(rec *intake.Record) error {
			if rec.Account != nil && accounts[sentBy{src.Sender, string(rec.Account)}] {
				rows = append(rows, tracedRow(src, r, rec))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if n := int64(len(rows) - before); n != want {
			return nil, fmt.Errorf("%s: %d records of the account, and %v in the lake: %w", r.Path, n, want, pipeline.ErrVerify)
		}
		o.talk.Step(1, r.Records)
	}
	return rows, nil
}

func tracedRow(src *pipeline.Source, r *pipeline.Receipt, rec *intake.Record) []any {
	var fields []string
	for i, f := range src.Schema.Items() {
		if rec.Fields&(1<<i) != 0 {
			fields = append(fields, f.Name)
		}
	}
	var recipient, country any
	if rec.Recipient != nil {
		recipient = string(rec.Recipient)
	}
	if rec.Country != "" {
		country = rec.Country
	}
	return []any{rec.Day, src.Name, src.Sender, recipient, country, string(rec.Account), strings.Join(fields, " "),
		r.Path, r.FileID, rec.Number, rec.Line, rec.LastLine, rec.Offset}
}

// loadedFile finds the receipt of a loaded file.
func (o *opened) loadedFile(source, id string) (*pipeline.Receipt, error) {
	for _, r := range o.State().With(source, pipeline.Loaded) {
		if r.FileID == id {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%s: file %s is in the lake and not in the ledger: %w", source, id, pipeline.ErrVerify)
}

// replay reads a loaded file again from the inbox and holds it to be the bytes
// that were loaded.
func (o *opened) replay(ctx context.Context, r *pipeline.Receipt, visit func(*intake.Record) error) error {
	path := filepath.Join(o.Inbox, filepath.FromSlash(r.Path))
	err := o.reader.Replay(ctx, o.Case.Source(r.Source), path, r.SHA256, visit)
	if errors.Is(err, fs.ErrNotExist) {
		return pipeline.WithHint(fmt.Errorf("%s: is gone from the inbox", r.Path), "put the delivered file back to read it again")
	}
	return err
}
