package pipeline

import "context"

// Engine runs SQL over Parquet. One engine serves one process; its tables are
// private to it. Names and texts reach it as data, never as SQL.
type Engine interface {
	// Mount makes a table visible under def.Name, in place of an earlier one
	// of that name, which no statement may read any more. Every column is cast
	// to its declared type; a file that lacks one is an error.
	Mount(ctx context.Context, t Mounted) error

	// Unmount takes a table away; one that is not mounted is no error.
	Unmount(ctx context.Context, name string) error

	// Select runs one SELECT and returns its rows, at most limit of them
	// (0: all; only for results known to be small).
	Select(ctx context.Context, sql string, limit int) (*Rows, error)

	// Export runs one SELECT and writes its rows as Parquet (v2, zstd) to
	// path, in the order the SELECT gives. It returns the number of rows. own
	// are tables that this statement alone sees, in place of mounted ones.
	Export(ctx context.Context, sql, path string, own ...Mounted) (int64, error)

	// ExportRanges does Export of a SELECT whose rows are in the order of a
	// column, one range of it after the other, with the memory of one.
	ExportRanges(ctx context.Context, sql, path string, ranges []*KeyRange) (int64, error)

	// Convert writes the rows of a staged file as lake Parquet.
	Convert(ctx context.Context, job Conversion) (int64, error)

	// ConvertList writes what a staged file makes known (accounts, recipients)
	// as Parquet, in the order of its keys.
	ConvertList(ctx context.Context, job ListConversion) (int64, error)

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
	Values map[string]any // int64, string, bool, Day or nil
}

// Conversion is one staged file on its way into the lake.
type Conversion struct {
	Staged  string           // Parquet as the Reader wrote it
	More    []string         // of other accounts, which follow on it
	Columns []Column         // of the staged file, with those of Same
	Same    map[string]int64 // see Staged
	Ordered bool             // its rows are in the order that Staged.Ordered names
	// Keys gives, for account_key and for recipient_key, the key of the i-th
	// new entry, which is staged as -1-i.
	Keys     map[string]Keys
	Day      Day      // only the records of this day; NoDay: all
	FileID   string   // becomes the column file_id
	Out      string   // path of the Parquet file to write
	Drop     []string // columns that stand in the path and not in the file
	Metadata map[string]string
}

// Keys are those of the N entries of a staged list, in its order: First and
// the numbers that follow on it, or those of File.
type Keys struct {
	N     int64
	First int32
	// File is Parquet with a row for each entry, key (INTEGER) and fresh
	// (BOOLEAN: nobody named the entry before), or "".
	File string
}

// ListConversion is a list of new accounts or recipients on its way into the
// lake.
type ListConversion struct {
	Staged  string   // Parquet with Columns, as the Reader wrote it
	Columns []string // of text
	Key     string   // name of the key's column
	// Keys gives the key of the i-th. Keys below First were known before; they
	// and what stands in the list again are left out.
	Keys      Keys
	First     int32
	Constants []Constant // further columns, before Columns
	Out       string
}

// Constant is a column that holds one text.
type Constant struct{ Column, Text string }

// Rows is a small result.
type Rows struct {
	Columns   []Column
	Values    [][]any // int64, string, bool, Day, time.Time, Decimal or nil
	Truncated bool
}

// Decimal is an exact decimal number as text, for example "12.50".
type Decimal string
