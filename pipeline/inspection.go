package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
	Tally    Tally
	Reader   Reader
	Queries  []Query // in running order
	Progress Progress
	Workers  int               // files that are read at a time
	Accounts int64             // that a rollup with a range key looks at in one go; 0: accountsARange
	Versions map[string]string // of the program, for the manifest; the engine adds its own
	Log      func() []byte     // what has been said so far, for log.ndjson

	state   *State
	inputs  string             // see Inputs; "" until asked for, and after each change of state
	later   []Entry            // folded into state, and not yet in the ledger
	layouts map[string]string  // source → the hash of its layout
	known   map[list]*Registry // nil until a file is read
	tables  map[string]table
	parts   []part            // of the transfers, once they were asked for
	days    map[int]table     // the calendar of each month, as yyyymm, likewise
	family  map[string]Rollup // see foldFamily, by the key of the rollup
	made    map[string]Rollup // rollups that are made and not yet remembered
	used    map[string]bool   // keys of the rollups that were asked for
	mounted map[string]string // table → what of it is visible in the engine
	whole   map[string]table  // those of the derivation under way
	turn    sync.Mutex        // held by the rollup that is at work in this package
}

// State is what the ledger says now.
func (in *Inspection) State() *State {
	if in.state == nil {
		in.state = Fold(in.Ledger.Entries())
	}
	return in.state
}

// append writes entries to the ledger, after those that wait, and folds them
// into the state.
func (in *Inspection) append(entries ...Entry) error {
	state := in.State()
	if err := in.flush(); err != nil {
		return err
	}
	if err := in.Ledger.Append(entries...); err != nil {
		return err
	}
	in.inputs = ""
	for i := range entries {
		state.add(&entries[i])
	}
	return nil
}

// flushEvery is how many lines of the ledger may wait for their files to be on
// disk. What waits when the process ends is read again by the next.
const flushEvery = 64

// appendLater folds an entry into the state now and writes it to the ledger
// with the next flush, once the files that it names are on disk.
func (in *Inspection) appendLater(e Entry) error {
	in.State().add(&e)
	in.inputs = ""
	if in.later = append(in.later, e); len(in.later) >= flushEvery {
		return in.flush()
	}
	return nil
}

// flush puts the files of the waiting entries on disk, then the entries.
func (in *Inspection) flush() error {
	entries := in.later
	in.later = nil
	if err := in.Store.Flush(); err != nil {
		return err
	}
	return in.Ledger.Append(entries...)
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
		return nil, WithHint(Misuse(fmt.Errorf("%q: no such file in the ledger", name)), "exhibit files lists them with their ids")
	case len(found) > 1:
		return nil, WithHint(Misuse(fmt.Errorf("%q: names %d files", name, len(found))), "use the file's id")
	}
	r := found[0]
	if r.Status != Held && (action != Supersede || r.Status != Loaded) {
		return nil, Misuse(fmt.Errorf("%s: is %s, not held", r.Path, r.Status))
	}
	d := Decision{FileID: r.FileID, SHA256: r.SHA256, Source: r.Source, Action: action, Reason: reason, Operator: operator}
	if action == Supersede {
		for _, o := range in.rivals(r) {
			d.Over = append(d.Over, o.SHA256)
		}
	}
	return r, in.append(Entry{Decision: &d})
}

// RecordAccess writes down that somebody is about to look at what was
// delivered about persons.
func (in *Inspection) RecordAccess(a Access) error { return in.append(Entry{Access: &a}) }

// stale finds files that were loaded by another layout than that of now, or
// whose Parquet is not in its place, and marks every loaded file to be read
// again if there is one: keys are given anew, so that all files must agree on
// them.
func (in *Inspection) stale() error {
	counted := append(in.State().With("", Loaded), in.State().With("", Superseded)...)
	missing, changed := 0, map[string]bool{}
	for _, r := range counted {
		if slices.ContainsFunc(r.Lake, func(f LakeFile) bool { return !in.Store.Present(f) }) {
			missing++
		}
		if r.Status == Loaded && in.otherLayout(r) {
			changed[r.Source] = true
		}
	}
	switch {
	case missing == 0 && len(changed) == 0:
		return nil
	case len(changed) > 0:
		in.Progress.Say(fmt.Sprintf("the layout of %s changed: every file is read again", strings.Join(sortedKeys(changed), ", ")), nil)
	default:
		in.Progress.Say(fmt.Sprintf("the lake lacks the Parquet of %d files: every file is read again", missing), nil)
	}
	var entries []Entry
	for _, r := range counted {
		again := *r
		again.forgetLake()
		if r.Status == Loaded {
			again.Status = Stale
		}
		entries = append(entries, Entry{Receipt: &again})
	}
	return in.append(entries...)
}

// restored says whether every file that had to be read again was. One cannot be
// whose path has other bytes now.
func (in *Inspection) restored() error {
	if left := in.State().With("", Stale); len(left) > 0 {
		return WithHint(fmt.Errorf("%s: its Parquet is gone from the lake, and other bytes than SHA-256 %s lie in the inbox", left[0].Path, left[0].SHA256),
			"put the file back into the inbox, or the folder lake from a backup")
	}
	return nil
}

// otherLayout says whether a file was read by another layout than its source
// has now.
func (in *Inspection) otherLayout(r *Receipt) bool {
	return r.SHA256 != "" && in.layouts[r.Source] != "" && r.Layout != in.layouts[r.Source]
}

// takeLayouts takes the hash of every source's layout.
func (in *Inspection) takeLayouts() error {
	in.layouts = map[string]string{}
	for i := range in.Case.Sources {
		sum, err := in.Case.Sources[i].LayoutHash()
		if err != nil {
			return err
		}
		in.layouts[in.Case.Sources[i].Name] = sum
	}
	return nil
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
