package pipeline

import (
	"context"
	"errors"
)

// Tally counts the records of one source and month, from the Parquet of its
// days. What it writes are the rows that account_months.sql and sent_days.sql
// define, in their order. Equal records give equal bytes, however they are
// spread over files, days counted before and days that are new.
type Tally interface {
	// Month counts a month. An error wrapping ErrVaried says that the records
	// differ in too many ways for the memory that counting may take; the SQL
	// has to be run instead. After an error what it wrote is of no use.
	Month(ctx context.Context, job TallyJob) (TallyRows, error)

	// Version changes whenever the bytes that it writes may.
	Version() string
}

// ErrVaried says that a month is not for a Tally. It depends on the records of
// the month alone.
var ErrVaried = errors.New("too many combinations of day, recipient and fields to count in memory")

// TallyJob is the work of one Month.
type TallyJob struct {
	Source string
	Month  int // yyyymm
	Days   []TallyDay
	// Of the same source and month, the rollups of other days than Days: both,
	// or none. They count as if their days stood in Days.
	BaseMonths, BaseDays []string
	Workers              int    // that count at a time; 0 is 1
	Months, SentDays     string // paths of the Parquet files to write
}

// TallyDay is one Parquet file of the table transfers.
type TallyDay struct {
	Path string
	Day  Day
}

// TallyRows are the numbers of rows of what was written.
type TallyRows struct{ Months, SentDays int64 }
