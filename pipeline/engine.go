package pipeline

import "context"

// Engine runs SQL over Parquet. One engine serves one process; its tables are
// private to it. Names and texts reach it as data, never as SQL.
type Engine interface {
	// Mount makes a table visible under def.Name, in place of an earlier one
	// of that name. Every column is cast to its declared type; a file that
	// lacks one is an error.
	Mount(ctx context.Context, t Mounted) error

	// Select runs one SELECT and returns its rows, at most limit of them
	// (0: all; only for results known to be small).
	Select(ctx context.Context, sql string, limit int) (*Rows, error)

	// Export runs one SELECT and writes its rows as Parquet (v2, zstd) to
	// path, in the order the SELECT gives. It returns the number of rows.
	Export(ctx context.Context, sql, path string) (int64, error)

	// Convert writes the rows of a staged file as lake Parquet.
	Convert(ctx context.Context, job Conversion) (int64, error)

	// ConvertAccounts writes the accounts that a staged file makes known as
	// Parquet of the table account_ids, in the order of their keys.
	ConvertAccounts(ctx context.Context, job AccountConversion) (int64, error)

	// Version names the engine and its version, for the manifest.
	Version() string

	Close() error
}

// Mounted is a table's content: Parquet files, or rows, or nothing.
type Mounted struct {
	Def   TableDef
	Files []MountedFile
	Rows  [][]any // int64, string, bool, Day or nil, one a column
	Range *KeyRange
}

// KeyRange restricts a mounted table to rows whose column lies in [From, To).
type KeyRange struct {
	Column   string
	From, To int64
}

// MountedFile is one Parquet file of a table, with the columns that stand in
// its path and not in the file (source, transfer_date, month …).
type MountedFile struct {
	Path   string
	Values map[string]any // int64, string, bool, Day
}

// Conversion is one staged file on its way into the lake.
type Conversion struct {
	Staged   string   // Parquet as the Reader wrote it
	Columns  []Column // of the staged file
	Keys     []int32  // the key of the i-th new account (account_key = -1-i)
	Day      Day      // only the records of this day; NoDay: all
	FileID   string   // becomes the column file_id
	Out      string   // path of the Parquet file to write
	Drop     []string // columns that stand in the path and not in the file
	Metadata map[string]string
}

// AccountConversion is the list of a staged file's new accounts on its way
// into the lake.
type AccountConversion struct {
	Staged string  // Parquet with the column account_id, as the Reader wrote it
	Keys   []int32 // the key of the i-th; keys below First were known before and are left out
	First  int32
	Sender string
	Out    string
}

// Rows is a small result.
type Rows struct {
	Columns   []Column
	Values    [][]any // int64, string, bool, Day, time.Time, Decimal or nil
	Truncated bool
}

// Decimal is an exact decimal number as text, for example "12.50".
type Decimal string
