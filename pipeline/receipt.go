package pipeline

import "context"

// Status is what became of a delivered file.
type Status string

// The statuses of a file. Loaded files count; the others do not.
const (
	Loaded     Status = "loaded"
	Refused    Status = "refused"
	Held       Status = "held"
	Duplicate  Status = "duplicate"
	Superseded Status = "superseded"
)

// Receipt is what became of one delivered file.
// Records == Accepted + Rejected, always.
type Receipt struct {
	FileID  string           `json:"file_id"` // the first 12 hex digits of SHA256
	Source  string           `json:"source"`
	Path    string           `json:"path"` // slash-separated, relative to the inbox
	SHA256  string           `json:"sha256"`
	Bytes   int64            `json:"bytes"` // as delivered
	Status  Status           `json:"status"`
	Reason  string           `json:"reason,omitempty"` // why it is not loaded; never holds a value of the file
	Layout  string           `json:"layout,omitempty"` // Source.LayoutHash, by which it was read
	NameDay Day              `json:"date"`             // from the file's name, or NoDay
	Counts                   // of records and lines
	Control *int64           `json:"control_records,omitempty"` // the sender's own count
	Days    []DayCount       `json:"days,omitempty"`            // accepted records a day (transfers)
	Reasons map[string]int64 `json:"reasons,omitempty"`         // rejected records by reason
	Fields  []FieldCount     `json:"fields,omitempty"`          // how often each item field was filled
	// NewFields are the columns that the layout lacks (new_fields: record), by
	// their names: how many accepted records had them filled.
	NewFields []FieldCount `json:"new_fields,omitempty"`
	Newlines  Newlines     `json:"newlines"`
	Lake      []LakeFile   `json:"lake,omitempty"` // what was written
	FirstKey  int32        `json:"first_key"`      // of the accounts that this file made known
	NewKeys   int32        `json:"new_keys"`
	// The same for recipients:
	FirstRecipient int32 `json:"first_recipient,omitempty"`
	NewRecipients  int32 `json:"new_recipients,omitempty"`
}

// forgetLake takes out what says where the file's rows lie and which keys it
// made known.
func (r *Receipt) forgetLake() {
	r.Lake, r.FirstKey, r.NewKeys, r.FirstRecipient, r.NewRecipients = nil, 0, 0, 0, 0
}

// Counts account for every record and line of a file.
type Counts struct {
	Records  int64 `json:"records"`
	Accepted int64 `json:"accepted"`
	Rejected int64 `json:"rejected"`
	Blank    int64 `json:"blank"` // empty lines
	Lines    int64 `json:"lines"` // physical lines
}

// DayCount is a number of records on a day.
type DayCount struct {
	Day     Day   `json:"day"`
	Records int64 `json:"records"`
}

// FieldCount is how many accepted records had a field filled, and when first
// and last (NoDay where a kind has no dates).
type FieldCount struct {
	Field   string `json:"field"`
	Records int64  `json:"records"`
	First   Day    `json:"first"`
	Last    Day    `json:"last"`
}

// Newlines counts the line ends of a file outside quotes.
type Newlines struct {
	LF   int64 `json:"lf"`
	CRLF int64 `json:"crlf"`
	CR   int64 `json:"cr"`
}

// LakeFile is a Parquet file of the lake: its place and what it holds.
type LakeFile struct {
	Path   string `json:"path"` // slash-separated, relative to the lake
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"`
	// Of a rollup that was made in ranges: no row lies outside of this one.
	Range *KeyRange `json:"range,omitempty"`
}

// Staged is what a Reader made of a delivered file: verified, counted, typed,
// and lying in Parquet files of a staging folder, not yet part of the lake.
//
// Rows has the columns that StagedColumns gives for the source; a transfer's or
// table's account is in the column account_key: a key of the registry (≥ 0), NULL,
// or -1-i for the i-th of the new accounts. The rows of one account are in the
// order of the file. Where Ordered says so, the accounts are in order too: NULL,
// keys of the registry, new accounts. What comes to be known while the file is read
// is new to it: the new accounts of an ordered file are to have the larger keys.
// NewAccounts has the column account_id, in the order of first appearance; an
// account may stand there again after millions of others. A
// transfer's recipient_key is -1-i for the i-th entry of Recipients, which has
// the columns country and recipient, in the order of first appearance; where
// the source has one recipient it has one row.
// Rejects has the columns of the table rejects less file_id and source.
// A path is "" where there is nothing to hold.
type Staged struct {
	Receipt
	Rows        string
	MoreRows    []string // of an ordered file: rows that follow on those of Rows, of other accounts
	Ordered     bool
	Same        map[string]int64 // columns that Rows does not have: every row has this number, a DATE as days since 1970
	Rejects     string
	NewAccounts string
	New         int32 // rows of NewAccounts
	Recipients  string
}

// Known gives the accounts that are known, once they are read from disk. It is
// called from several goroutines at a time. nil: no account is known.
type Known func() (*Registry, error)

// Reader turns delivered bytes into staged Parquet.
type Reader interface {
	// Read reads the file at path once, from first to last byte, and writes
	// what it holds below dir. known is asked for when the first account is
	// met, and only looked up, never changed.
	//
	// A file that cannot be trusted comes back with Status Refused and a
	// Reason, and no error: one bad file never stops a batch. An error means
	// that the machine failed (disk, permission, cancelled), not the file.
	// Memory is bounded whatever the file holds.
	Read(ctx context.Context, src *Source, path, dir string, known Known) (*Staged, error)

	// NameDay gives the day that the name of a file speaks for, or NoDay and
	// false where the source takes no day from names or the name has none.
	NameDay(src *Source, path string) (Day, bool)
}
