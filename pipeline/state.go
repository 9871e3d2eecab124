package pipeline

import (
	"cmp"
	"slices"
)

// Stale marks a receipt whose file was loaded once and whose lake files are
// gone: it is read again before anything else is done.
const Stale Status = "stale"

// State is what the ledger says now: its entries, folded.
type State struct {
	Receipts  []*Receipt // the newest of each delivered file, in the order of their first
	Decisions map[FileKey]Decision
	LastRun   *Sealed
	byPath    map[pathKey]*Receipt
	sorted    []*Receipt // nil until asked for, and after each new receipt
}

// FileKey names bytes that were delivered for a source.
type FileKey struct{ Source, SHA256 string }

type pathKey struct {
	FileKey
	path string
}

// Fold reads the state from the entries of a ledger.
func Fold(entries []Entry) *State {
	s := &State{Decisions: map[FileKey]Decision{}, byPath: map[pathKey]*Receipt{}}
	for i := range entries {
		s.add(&entries[i])
	}
	return s
}

func (s *State) add(e *Entry) {
	switch {
	case e.Receipt != nil:
		r := *e.Receipt
		key := pathKey{r.Key(), r.Path}
		if old := s.byPath[key]; old != nil {
			*old = r
			return
		}
		s.byPath[key] = &r
		s.Receipts, s.sorted = append(s.Receipts, &r), nil
	case e.Decision != nil:
		s.Decisions[FileKey{e.Decision.Source, e.Decision.SHA256}] = *e.Decision
	case e.Run != nil:
		s.LastRun = e.Run
	}
}

// Key names the bytes of the file.
func (r *Receipt) Key() FileKey { return FileKey{r.Source, r.SHA256} }

// Receipt finds the receipt of bytes that lay at a path.
func (s *State) Receipt(key FileKey, path string) *Receipt { return s.byPath[pathKey{key, path}] }

// First finds the receipt under which bytes were first taken in, that is not
// a duplicate.
func (s *State) First(key FileKey) *Receipt {
	for _, r := range s.Receipts {
		if r.Key() == key && r.Status != Duplicate {
			return r
		}
	}
	return nil
}

// With lists the receipts of a source ("" all) that have a status, in the
// order of the ledger.
func (s *State) With(source string, status Status) []*Receipt {
	var out []*Receipt
	for _, r := range s.Receipts {
		if r.Status == status && (source == "" || r.Source == source) {
			out = append(out, r)
		}
	}
	return out
}

// Sorted lists all receipts by source, path and SHA-256: an order that does
// not depend on when the files came. The caller does not change it.
func (s *State) Sorted() []*Receipt {
	if s.sorted == nil {
		s.sorted = slices.Clone(s.Receipts)
		slices.SortFunc(s.sorted, func(a, b *Receipt) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Path, b.Path), cmp.Compare(a.SHA256, b.SHA256))
		})
	}
	return s.sorted
}

// days lists the days that a receipt's file speaks for: the day in its name,
// or those of its records.
func (r *Receipt) days() []Day {
	if r.NameDay != NoDay {
		return []Day{r.NameDay}
	}
	days := make([]Day, len(r.Days))
	for i, d := range r.Days {
		days[i] = d.Day
	}
	return days
}

// shareDay says whether two files speak for the same day.
func shareDay(a, b *Receipt) bool {
	for _, d := range a.days() {
		if slices.Contains(b.days(), d) {
			return true
		}
	}
	return false
}
