package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// Inspection does the work on one case, in the order of a run: Ingest, Derive,
// Publish. It holds the case's ledger, so that only one works at a time.
type Inspection struct {
	Case     *Case
	Files    map[string][]string          // source → delivered files, slash-separated, relative to Inbox
	Control  map[string]map[string]string // source → delivered file → its control file
	NoFiles  []Receipt                    // what a source names and is no file that can be read: refused
	Inbox    string
	Runs     string // folder of the sealed runs
	Store    Store
	Ledger   Ledger
	Engine   Engine
	Reader   Reader
	Queries  []Query // in running order
	Progress Progress
	Workers  int               // files that are read at a time
	Versions map[string]string // of the program and its engine, for the manifest
	Log      func() []byte     // what has been said so far, for log.ndjson

	state    *State
	accounts *Accounts // nil until a file is read
	tables   map[string]table
	used     map[string]bool   // keys of the rollups that were asked for
	mounted  map[string]string // table → what of it is visible in the engine
}

// State is what the ledger says now.
func (in *Inspection) State() *State {
	if in.state == nil {
		in.state = Fold(in.Ledger.Entries())
	}
	return in.state
}

// append writes entries to the ledger and folds them into the state.
func (in *Inspection) append(entries ...Entry) error {
	state := in.State()
	if err := in.Ledger.Append(entries...); err != nil {
		return err
	}
	for i := range entries {
		state.add(&entries[i])
	}
	return nil
}

func (in *Inspection) path(rel string) string {
	return filepath.Join(in.Inbox, filepath.FromSlash(rel))
}

// Decide records the inspector's word on a file: Accept makes a held file
// count beside the others of its day, Supersede makes a file count in their
// place. name is a file's id, its path, or the last part of its path. The
// decision takes effect in the next Ingest.
func (in *Inspection) Decide(name, action, reason, operator string) (*Receipt, error) {
	var found []*Receipt
	for _, r := range in.State().Receipts {
		if (r.FileID == name || r.Path == name || filepath.Base(r.Path) == name || r.SHA256 == name) && r.Status != Duplicate {
			found = append(found, r)
		}
	}
	switch {
	case len(found) == 0:
		return nil, WithHint(fmt.Errorf("%q: no such file in the ledger: %w", name, ErrConfig), "exhibit files lists them with their ids")
	case len(found) > 1:
		return nil, WithHint(fmt.Errorf("%q: names %d files: %w", name, len(found), ErrConfig), "use the file's id")
	}
	r := found[0]
	if r.Status != Held && (action != Supersede || r.Status != Loaded) {
		return nil, fmt.Errorf("%s: is %s, not held: %w", r.Path, r.Status, ErrConfig)
	}
	d := Decision{FileID: r.FileID, SHA256: r.SHA256, Source: r.Source, Action: action, Reason: reason, Operator: operator}
	if action == Supersede {
		for _, o := range in.rivals(r) {
			d.Over = append(d.Over, o.SHA256)
		}
	}
	return r, in.append(Entry{Decision: &d})
}

// stale finds files that were loaded and whose Parquet is not in its place,
// and marks every loaded file to be read again if there is one: keys are given
// anew, so that all files must agree on them.
func (in *Inspection) stale() error {
	counted := append(in.State().With("", Loaded), in.State().With("", Superseded)...)
	missing := 0
	for _, r := range counted {
		if slices.ContainsFunc(r.Lake, func(f LakeFile) bool { return !in.Store.Present(f) }) {
			missing++
		}
	}
	if missing == 0 {
		return nil
	}
	in.Progress.Say(fmt.Sprintf("the lake lacks the Parquet of %d files: every file is read again", missing), nil)
	var entries []Entry
	for _, r := range counted {
		again := *r
		again.Lake, again.FirstKey, again.NewKeys = nil, 0, 0
		if r.Status == Loaded {
			again.Status = Stale
		}
		entries = append(entries, Entry{Receipt: &again})
	}
	return in.append(entries...)
}

// registry gives the accounts that are known so far, read from the lake once.
func (in *Inspection) registry(ctx context.Context) (*Accounts, error) {
	if in.accounts != nil {
		return in.accounts, nil
	}
	files := in.accountFiles()
	accounts, err := in.Store.Accounts(ctx, files)
	if err != nil {
		return nil, err
	}
	in.accounts = accounts
	return accounts, nil
}

// accountFiles are the files of the table account_ids, in the order of their
// keys. A superseded file's records do not count, but its accounts keep their
// keys.
func (in *Inspection) accountFiles() []LakeFile {
	var with []*Receipt
	for _, r := range in.State().Receipts {
		if r.NewKeys > 0 && (r.Status == Loaded || r.Status == Superseded) {
			with = append(with, r)
		}
	}
	slices.SortFunc(with, func(a, b *Receipt) int { return int(a.FirstKey) - int(b.FirstKey) })
	var files []LakeFile
	for _, r := range with {
		files = append(files, r.lake("account_ids")...)
	}
	return files
}

// lake lists the receipt's files of one table.
func (r *Receipt) lake(table string) []LakeFile {
	var files []LakeFile
	for _, f := range r.Lake {
		if len(f.Path) > len(table) && f.Path[:len(table)] == table && f.Path[len(table)] == '/' {
			files = append(files, f)
		}
	}
	return files
}
