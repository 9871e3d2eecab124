package pipeline

import (
	"context"
	"time"
)

// Entry is one line of the ledger: exactly one of its parts is set.
type Entry struct {
	V        int       `json:"v"`
	Seq      int64     `json:"seq"`  // from 0, without gaps
	Time     time.Time `json:"time"` // of the local clock; never part of a result
	Receipt  *Receipt  `json:"receipt,omitempty"`
	Decision *Decision `json:"decision,omitempty"`
	Run      *Sealed   `json:"run,omitempty"`
	Access   *Access   `json:"access,omitempty"`
}

// Access is a look at what was delivered about persons, written down before it
// happens.
type Access struct {
	Verb      string   `json:"verb"` // trace | strength
	Reason    string   `json:"reason,omitempty"`
	Authority string   `json:"authority,omitempty"`
	Operator  string   `json:"operator"`
	Accounts  []int64  `json:"account_keys,omitempty"` // whose records; keys, never identifiers
	Fields    []string `json:"fields,omitempty"`       // source.field, whose values
}

// Decision is the inspector's word on a held file.
type Decision struct {
	FileID   string   `json:"file_id"`
	SHA256   string   `json:"sha256"`
	Source   string   `json:"source"`
	Action   string   `json:"action"`         // accept: it counts beside the others of its day · supersede: it counts in their place
	Over     []string `json:"over,omitempty"` // SHA-256 of the files that it supersedes
	Reason   string   `json:"reason"`
	Operator string   `json:"operator"`
}

// The actions of a decision.
const (
	Accept    = "accept"
	Supersede = "supersede"
)

// Sealed is the ledger's record of a finished run.
type Sealed struct {
	RunID    string `json:"run_id"`
	Inputs   string `json:"inputs_sha256"`   // of all that a result depends on
	Manifest string `json:"manifest_sha256"` // of run.json
	Complete bool   `json:"complete"`
}

// Ledger is the append-only record of what became of every file. What it does
// not name does not exist.
type Ledger interface {
	Entries() []Entry
	// Append writes entries in one piece and returns when they are on disk;
	// after a crash either all of them stand or none.
	Append(entries ...Entry) error
}

// Store is the lake: Parquet files that are whole or not there at all.
type Store interface {
	// Root is the folder of the lake.
	Root() string
	// Staging makes a new private folder for files on their way in. All
	// staging is removed when the store is opened and closed.
	Staging() (string, error)
	// Commit takes the SHA-256 of a staged file and notes that it belongs in
	// place. rows is recorded, not counted.
	Commit(staged, place string, rows int64) (LakeFile, error)
	// Flush puts every noted file on disk and in its place: fsync, rename,
	// fsync of the folders; and then what Remember was told. Only after it may
	// the ledger name them.
	Flush() error
	// Verify says whether a file of the lake still has its bytes. A file that
	// was committed or verified by this store is not read again.
	Verify(ctx context.Context, f LakeFile) error
	// Present says, by size alone, whether a file is in its place.
	Present(f LakeFile) bool
	// FooterRows reads the number of rows from a file's footer, with another
	// reader than the one that wrote it. It may be called several times at once.
	FooterRows(f LakeFile) (int64, error)
	// Registry gives the registry of a list: the one that was kept of the first
	// files of the list (no Path: none was), and the entries of files, which
	// come after it in the order of their keys. columns are those of key, scope
	// and name.
	Registry(ctx context.Context, kept LakeFile, files []LakeFile, columns [3]string) (*Registry, error)
	// AddEntries adds the entries of a staged list to a registry, in their
	// order, and gives their keys; an entry may stand there twice. The last of
	// columns names the entry; the first is its scope where there are two, and
	// scope is where there is one.
	AddEntries(ctx context.Context, staged, scope string, columns []string, to *Registry) (Keys, error)
	// Rollup finds the files of a rollup by the key of its inputs.
	Rollup(key string) ([]LakeFile, bool)
	// Family finds the kept rollups of a family.
	Family(family string) []Rollup
	// Kept lists the files of the rollups that are kept, in any order.
	Kept() []LakeFile
	// Remember puts the noted files in their place, where they can be read,
	// and keeps rollups under the keys of their inputs. Both are on disk with
	// the next Flush or Forget, and what a killed process loses of them is
	// about a second of work.
	Remember(rollups map[string]Rollup) error
	// Forget drops every rollup but those with a key in keep.
	Forget(keep map[string]bool) error
	// Seen gives the SHA-256 of a delivered file whose size, times and
	// identity are what they were when Watch recorded it.
	Seen(path string) (sha256 string, ok bool)
	// Watch notes the state of a delivered file before it is read, and gives
	// what records its SHA-256 afterwards, unless the file changed meanwhile.
	// SaveSeen writes the records.
	Watch(path string) (saw func(sha256 string))
	SaveSeen() error
}

// Rollup is what the store keeps of a rollup. Rollups of one family differ in
// nothing but the days, or months, that they are made of: Parts gives, for each
// of these, a hash of what was read of it.
type Rollup struct {
	Files  []LakeFile        `json:"files"`
	Family string            `json:"family,omitempty"`
	Parts  map[string]string `json:"parts,omitempty"`
}

// Progress is told how long work goes on. Nothing it does changes a result.
type Progress interface {
	// Stage begins a stage of total steps (0: unknown).
	Stage(name string, total int)
	// Step says that n more steps are done, and so many records more were read.
	Step(n int, records int64)
	// Say is a line for the reader and the log, with the fields of an event.
	Say(text string, fields map[string]any)
}
