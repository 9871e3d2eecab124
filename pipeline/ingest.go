package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
)

// delivered is a file of the inbox that has to be read.
type delivered struct {
	source *Source
	path   string // relative to the inbox
	day    Day    // in its name
	was    *Receipt
	taken  *Receipt // see takenBefore
}

// Ingest takes in every delivered file that the ledger does not know, every
// held file that was decided on, and every file whose Parquet is gone. It
// returns the number of files for which the ledger got a new line.
//
// A file that cannot be trusted is refused, held or recorded as a duplicate;
// only a failure of the machine, or ctx, ends the batch early, and then all
// that was committed stays.
func (in *Inspection) Ingest(ctx context.Context) (int, error) {
	if err := in.takeLayouts(); err != nil {
		return 0, err
	}
	if err := in.stale(); err != nil {
		return 0, err
	}
	groups, total, err := in.plan()
	if err != nil {
		return 0, err
	}
	before := len(in.Ledger.Entries())
	for i := range in.NoFiles {
		if err := in.record(&in.NoFiles[i]); err != nil {
			return 0, err
		}
	}
	if total > 0 {
		if err := in.readGroups(ctx, groups, total); err != nil {
			return len(in.Ledger.Entries()) - before, errors.Join(err, in.Store.SaveSeen(), in.closeRegistries())
		}
		if err := errors.Join(in.Store.SaveSeen(), in.keepRegistries()); err != nil {
			return 0, err
		}
		giveBack() // what comes next needs it
	}
	if err := errors.Join(in.restored(), in.controlTotals()); err != nil {
		return 0, err
	}
	return len(in.Ledger.Entries()) - before, nil
}

// plan lists the files that have to be read, in groups that are decided on
// together: the files of one source that speak for the same day.
func (in *Inspection) plan() ([][]delivered, int, error) {
	var groups [][]delivered
	total := 0
	if err := in.takeLayouts(); err != nil {
		return nil, 0, err
	}
	for _, src := range in.sourcesInOrder() {
		files, err := in.unread(src)
		if err != nil {
			return nil, 0, err
		}
		total += len(files)
		groups = append(groups, group(src, files)...)
	}
	return groups, total, nil
}

// unread lists the files of a source that have to be read, by day and path.
func (in *Inspection) unread(src *Source) ([]delivered, error) {
	var out []delivered
	taken := in.takenBefore(src)
	there := make(map[string]bool, len(in.Files[src.Name]))
	for _, path := range in.Files[src.Name] {
		there[path] = true
		var was *Receipt
		if sum, ok := in.Store.Seen(in.path(path)); ok {
			was = in.State().Receipt(FileKey{src.Name, sum}, path)
		}
		if was != nil && !in.again(was) {
			continue
		}
		day, _ := in.Reader.NameDay(src, path)
		out = append(out, delivered{src, path, day, was, taken[path]})
	}
	for _, r := range in.State().Receipts {
		switch {
		case r.Source != src.Name || there[r.Path]:
		case r.Status == Stale:
			return nil, WithHint(fmt.Errorf("%s: its Parquet is gone from the lake, and the delivered file from the inbox", r.Path),
				"put the file back into the inbox, or the folder lake from a backup")
		case r.Status == Held && in.decided(r):
			return nil, WithHint(fmt.Errorf("%s: is to count, and is gone from the inbox", r.Path), "put the file back into the inbox")
		}
	}
	slices.SortStableFunc(out, func(a, b delivered) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.path, b.path)) })
	return out, nil
}

// again says whether a file that has a receipt has to be read again: its
// Parquet is gone, its source has another layout now, or the inspector's word
// on it waits to be done.
func (in *Inspection) again(r *Receipt) bool {
	return r.Status == Stale || in.otherLayout(r) || in.decided(r)
}

// decided says whether the inspector's word on a file still waits to be done.
func (in *Inspection) decided(r *Receipt) bool {
	d, ok := in.State().Decisions[r.Key()]
	if !ok {
		return false
	}
	if r.Status == Held {
		return true
	}
	return r.Status == Loaded && d.Action == Supersede && len(in.superseded(r, d)) > 0
}

// superseded are the files that a decision for r takes out of the count and
// that still count or wait.
func (in *Inspection) superseded(r *Receipt, d Decision) []*Receipt {
	return slices.DeleteFunc(in.rivals(r), func(o *Receipt) bool { return !slices.Contains(d.Over, o.SHA256) })
}

// rivals are the other files, loaded or held, that speak for a day of r.
func (in *Inspection) rivals(r *Receipt) []*Receipt {
	var out []*Receipt
	for _, o := range in.State().Receipts {
		if o.Source == r.Source && o.SHA256 != r.SHA256 && (o.Status == Loaded || o.Status == Held || o.Status == Stale) && shareDay(o, r) {
			out = append(out, o)
		}
	}
	return out
}

func group(src *Source, files []delivered) [][]delivered {
	var groups [][]delivered
	for i, f := range files {
		together := i > 0 && !src.Parts &&
			(dated(src).FromField && !dated(src).FromName || f.day != NoDay && f.day == files[i-1].day)
		if together {
			last := len(groups) - 1
			groups[last] = append(groups[last], f)
		} else {
			groups = append(groups, []delivered{f})
		}
	}
	return groups
}

// dated is the rule by which a source's files speak for days.
func dated(src *Source) DateRule {
	if src.Kind == Customers {
		return src.AsOf
	}
	return src.Date
}

// readGroups reads files several at a time and commits them one after the
// other, group by group, in the order of the plan.
func (in *Inspection) readGroups(ctx context.Context, groups [][]delivered, total int) error {
	var files []delivered
	last := map[int]bool{} // index of the last file of each group
	for _, g := range groups {
		files = append(files, g...)
		last[len(files)-1] = true
	}
	dirs := make([]string, len(files))
	var err error
	for i := range dirs {
		if dirs[i], err = in.Store.Staging(); err != nil {
			return err
		}
	}
	in.Progress.Stage("ingest", total)
	opened := in.registries(ctx)
	saw := make([]func(string), len(files))
	var waiting []*Staged
	err = ordered(ctx, len(files), in.Workers, in.Workers+1,
		func(ctx context.Context, i int) (*Staged, error) {
			saw[i] = in.Store.Watch(in.path(files[i].path))
			if st, err := in.touched(ctx, &files[i]); st != nil || err != nil {
				return st, err
			}
			return in.read(ctx, &files[i], dirs[i], opened)
		},
		func(i int, st *Staged) error {
			if err := opened(); err != nil {
				return err
			}
			saw[i](st.SHA256)
			st, err := in.untouched(ctx, st, &files[i], dirs[i], opened)
			if err != nil {
				return err
			}
			waiting = append(waiting, st)
			if !last[i] {
				return nil
			}
			err = in.settle(ctx, files[i].source, waiting)
			for k := range waiting {
				err = errors.Join(err, os.RemoveAll(dirs[i-k]))
				in.Progress.Step(1, 0)
			}
			waiting = nil
			return err
		})
	if wrong := opened(); err == nil {
		err = wrong // of lists that no file asked for
	}
	// What was loaded before an error counts: it is whole.
	return errors.Join(err, in.flush())
}

// settle decides what becomes of the files of a group, and commits it.
func (in *Inspection) settle(ctx context.Context, src *Source, group []*Staged) error {
	var candidates []*Staged
	for _, st := range group {
		was := in.State().Receipt(st.Key(), st.Path)
		first := in.State().First(st.Key())
		if first != nil && emptyOfAnotherDay(&st.Receipt, first) {
			first = nil
		}
		twin := slices.ContainsFunc(candidates, func(c *Staged) bool { return c.SHA256 == st.SHA256 })
		switch {
		case was != nil && !in.again(was):
			continue // known bytes, touched since
		case st.Status == Refused:
			if err := in.record(&st.Receipt); err != nil {
				return err
			}
		case twin || was == nil && first != nil && first.Status != Refused:
			if err := in.duplicate(st, first, candidates); err != nil {
				return err
			}
		default:
			candidates = append(candidates, st)
		}
	}
	for _, st := range candidates {
		if err := in.settleOne(ctx, src, st, candidates); err != nil {
			return err
		}
	}
	return nil
}

// emptyOfAnotherDay says whether a file holds a header alone and speaks for
// another day than the file with the same bytes that came before: such files
// are alike on every day, and none counts a record twice.
func emptyOfAnotherDay(r, first *Receipt) bool {
	return r.Records == 0 && r.Status != Refused && r.NameDay != NoDay && r.NameDay != first.NameDay
}

func (in *Inspection) duplicate(st *Staged, first *Receipt, candidates []*Staged) error {
	of := ""
	if first != nil {
		of = first.Path
	}
	for _, c := range candidates {
		if c.SHA256 == st.SHA256 {
			of = c.Path
		}
	}
	r := st.Receipt
	r.Status, r.Reason = Duplicate, "the same bytes as "+of
	return in.record(&r)
}

// settleOne loads a file, or holds it where another speaks for its day and
// the inspector has not said which counts.
func (in *Inspection) settleOne(ctx context.Context, src *Source, st *Staged, group []*Staged) error {
	was := in.State().Receipt(st.Key(), st.Path)
	decision, decided := in.State().Decisions[st.Key()]
	incumbent := was != nil && (was.Status == Stale || was.Status == Loaded)
	if !src.Parts && !decided && !incumbent {
		if rival := in.rivalOf(st, group); rival != "" {
			r := st.Receipt
			r.Status, r.Reason = Held, fmt.Sprintf("other bytes than %s for the same day", rival)
			return in.record(&r)
		}
	}
	if was == nil || was.Status != Loaded {
		if err := in.load(ctx, src, st); err != nil {
			return fmt.Errorf("%s: %w", st.Path, err)
		}
	}
	if decided && decision.Action == Supersede {
		return in.supersede(in.State().Receipt(st.Key(), st.Path), decision)
	}
	return nil
}

// rivalOf names a file that speaks for a day of st: one of the same batch, or
// one that is loaded, held or superseded already.
func (in *Inspection) rivalOf(st *Staged, group []*Staged) string {
	for _, o := range group {
		if o != st && o.SHA256 != st.SHA256 && shareDay(&o.Receipt, &st.Receipt) {
			return o.Path
		}
	}
	for _, o := range in.State().Receipts {
		if o.Source == st.Source && o.SHA256 != st.SHA256 && o.Status != Refused && o.Status != Duplicate && shareDay(o, &st.Receipt) {
			return o.Path
		}
	}
	return ""
}

// supersede takes the files that a decision for r names out of the count.
// Their receipts stay, with their accounts, whose keys others may use.
func (in *Inspection) supersede(r *Receipt, d Decision) error {
	var entries []Entry
	for _, o := range in.superseded(r, d) {
		old := *o
		old.Status, old.Reason = Superseded, "superseded by "+r.Path
		old.Lake = append(o.lake(accountList.table), o.lake(recipientList.table)...)
		entries = append(entries, Entry{Receipt: &old})
	}
	return in.append(entries...)
}

// record writes a receipt that loads nothing.
func (in *Inspection) record(r *Receipt) error {
	r.forgetLake()
	if was := in.State().Receipt(r.Key(), r.Path); was != nil && was.Status == r.Status && was.Reason == r.Reason && was.Layout == r.Layout {
		return nil
	}
	in.Progress.Say(fmt.Sprintf("%s: %s: %s", r.Path, r.Status, r.Reason), map[string]any{"file": r.Path, "status": r.Status})
	return in.append(Entry{Receipt: r})
}

// manyNew is how many new accounts of a file make its reader's tables large.
const manyNew = 1 << 20

// load moves a staged file into the lake; its line in the ledger is the
// moment from which it counts.
func (in *Inspection) load(ctx context.Context, src *Source, st *Staged) error {
	r := st.Receipt
	r.Status, r.Lake = Loaded, nil
	if st.New > manyNew {
		debug.FreeOSMemory() // the reader's own tables are done with, and the engine comes next
	}
	keys := map[string]Keys{}
	for _, l := range []list{accountList, recipientList} {
		staged := st.NewAccounts
		if l == recipientList {
			staged = st.Recipients
		}
		var err error
		if keys[l.key], err = in.loadList(ctx, src, l, staged, &r); err != nil {
			return err
		}
	}
	if err := in.loadRows(ctx, src, st, &r, keys); err != nil {
		return err
	}
	if st.Rejects != "" {
		place := fmt.Sprintf("rejects/source=%s/%s.parquet", src.Name, r.FileID)
		cols := TableDef{}
		if t, ok := LookupTable("rejects"); ok {
			cols.Columns = t.Columns[2:]
		}
		if err := in.convert(ctx, Conversion{Staged: st.Rejects, Columns: cols.Columns, Day: NoDay, FileID: r.FileID}, place, r.Rejected, &r); err != nil {
			return err
		}
	}
	return in.appendLater(Entry{Receipt: &r})
}

// loadList gives every entry that a staged file names a key, and writes those
// that nobody named before.
func (in *Inspection) loadList(ctx context.Context, src *Source, l list, staged string, r *Receipt) (none Keys, err error) {
	first, n := r.keys(l)
	*first = in.known[l].Len()
	if staged == "" {
		return none, nil
	}
	job := ListConversion{Staged: staged, Columns: []string{l.scope, l.name}, Key: l.key, First: *first}
	scope := ""
	if l == accountList {
		scope, job.Columns, job.Constants = src.Sender, []string{l.name}, []Constant{{l.scope, src.Sender}}
	}
	if job.Keys, err = in.Store.AddEntries(ctx, staged, scope, job.Columns, in.known[l]); err != nil {
		return none, err
	}
	if *n = in.known[l].Len() - *first; *n == 0 {
		return job.Keys, nil
	}
	dir, err := in.Store.Staging()
	if err != nil {
		return none, err
	}
	job.Out = dir + "/list.parquet"
	written, err := in.Engine.ConvertList(ctx, job)
	if err == nil && written != int64(*n) {
		err = fmt.Errorf("%d entries of %s written of %d", written, l.table, *n)
	}
	if err != nil {
		return none, err
	}
	f, err := in.Store.Commit(job.Out, fmt.Sprintf("%s/%010d-%s.parquet", l.table, *first, r.FileID), written)
	r.Lake = append(r.Lake, f)
	return job.Keys, err
}

func (in *Inspection) loadRows(ctx context.Context, src *Source, st *Staged, r *Receipt, keys map[string]Keys) error {
	if st.Rows == "" {
		return nil
	}
	if !st.Ordered && st.Accepted >= manyRows {
		giveBack() // the engine sorts
	}
	job := Conversion{Staged: st.Rows, More: st.MoreRows, Same: st.Same, Ordered: st.Ordered, Columns: StagedColumns(src), Keys: keys, Day: NoDay, FileID: r.FileID,
		Metadata: map[string]string{"source_sha256": r.SHA256}}
	if src.Kind != Transfers {
		return in.convert(ctx, job, fmt.Sprintf("%s/source=%s/%s.parquet", src.Kind, src.Name, r.FileID), r.Accepted, r)
	}
	job.Drop = []string{"transfer_date"}
	for _, d := range r.Days {
		if len(r.Days) > 1 {
			job.Day = d.Day
		}
		place := fmt.Sprintf("transfers/source=%s/transfer_date=%s/%s.parquet", src.Name, d.Day, r.FileID)
		if err := in.convert(ctx, job, place, d.Records, r); err != nil {
			return err
		}
	}
	return nil
}

// convert writes one Parquet file of the lake. The engine's count must be the
// reader's.
func (in *Inspection) convert(ctx context.Context, job Conversion, place string, want int64, r *Receipt) error {
	dir, err := in.Store.Staging()
	if err != nil {
		return err
	}
	job.Out = dir + "/rows.parquet"
	n, err := in.Engine.Convert(ctx, job)
	if err == nil && n != want {
		err = fmt.Errorf("%s: the engine wrote %d rows of %d", place, n, want)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	f, err := in.Store.Commit(job.Out, place, n)
	r.Lake = append(r.Lake, f)
	return err
}

// controlTotals reads the sender's own counts. One that came or changed after
// its file was loaded gets the file a new line in the ledger.
func (in *Inspection) controlTotals() error {
	var entries []Entry
	for _, r := range in.State().Receipts {
		src := in.Case.Source(r.Source)
		control, ok := in.Control[r.Source][r.Path]
		if src == nil || src.Control == nil || !ok || r.Status != Loaded {
			continue
		}
		n, err := readControl(in.path(control), src.Control.Records)
		if err != nil {
			return err
		}
		if r.Control == nil || *r.Control != n {
			again := *r
			again.Control = &n
			entries = append(entries, Entry{Receipt: &again})
		}
	}
	return in.append(entries...)
}

// sortedKeys lists the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
