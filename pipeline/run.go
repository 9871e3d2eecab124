package pipeline

// Manifest is run.json: what a run read, with what it counted, and what came
// out. No clock and no duration stands in it: equal inputs give equal bytes
// but for RunID.
type Manifest struct {
	SchemaVersion int               `json:"schema_version"`
	RunID         string            `json:"run_id"`
	Case          string            `json:"case"`
	Title         Text              `json:"title"`
	CaseSHA256    string            `json:"case_sha256"`
	Span          DayRange          `json:"span"`
	Definitions   map[string]string `json:"definitions"`
	Versions      map[string]string `json:"versions"`
	Complete      bool              `json:"complete"` // nothing refused, held, or missing, and no check failed
	HeldBack      bool              `json:"held_back"`
	Open          []string          `json:"open"` // what keeps the run from being complete, one sentence each
	Sources       []SourceStatus    `json:"sources"`
	Files         []Receipt         `json:"files"`
	Queries       map[string]string `json:"queries"` // path → SHA-256 of each SQL file
	Results       map[string]string `json:"results"` // file of the run folder → SHA-256
}

// SourceStatus is where one source stands.
type SourceStatus struct {
	Source  string           `json:"source"`
	Kind    Kind             `json:"kind"`
	Sender  string           `json:"sender"`
	Files   map[Status]int   `json:"files"`
	Counts                   // of the loaded files
	Reasons map[string]int64 `json:"reasons,omitempty"` // rejected records of loaded files, by reason
	// Of transfers. Without a cadence no day is expected, and the covered ones
	// are those of the span.
	DaysExpected int        `json:"days_expected,omitempty"`
	DaysCovered  int        `json:"days_covered,omitempty"`
	Missing      []DayRange `json:"missing,omitempty"`
	Days         []DayCount `json:"days,omitempty"` // every covered day, with its accepted records
}

// Value is one named value of a result: int64, string, bool or nil.
type Value struct {
	Column string
	Value  any
}

// FigureResult is one published number, or a few that belong together.
type FigureResult struct {
	Name          string         `json:"name"`
	Title         Text           `json:"title"`
	Unit          string         `json:"unit"`
	Definition    string         `json:"definition"`
	SQLSHA256     string         `json:"sql_sha256"`
	Values        Values         `json:"values"`
	OtherReadings []OtherReading `json:"other_readings,omitempty"`
}

// OtherReading is a figure as another reading of one definition gives it.
type OtherReading struct {
	Definition string `json:"definition"` // for example holders
	Reading    string `json:"reading"`    // for example all
	Values     Values `json:"values"`
}

// CheckResult is how a check ended.
type CheckResult struct {
	Name       string     `json:"name"`
	Title      Text       `json:"title"`
	Severity   Severity   `json:"severity"`
	Definition string     `json:"definition"`
	Passed     bool       `json:"passed"`
	Rows       int64      `json:"rows"` // that should not exist
	Columns    []string   `json:"columns,omitempty"`
	First      [][]string `json:"first,omitempty"` // the first few of them, in order
	SQLSHA256  string     `json:"sql_sha256"`
}

// TableResult is a small table for a plot.
type TableResult struct {
	Name       string   `json:"name"`
	Title      Text     `json:"title"`
	Unit       string   `json:"unit"`
	Definition string   `json:"definition"`
	Columns    []string `json:"columns"`
	Rows       [][]any  `json:"rows"`
	SQLSHA256  string   `json:"sql_sha256"`
}

// FindingResult says how many instances of a violation were found; they stand
// in findings/<name>.parquet of the run and stay in the case.
type FindingResult struct {
	Name       string `json:"name"`
	Title      Text   `json:"title"`
	Rule       string `json:"rule"`
	Definition string `json:"definition"`
	Instances  int64  `json:"instances"`
	SQLSHA256  string `json:"sql_sha256"`
	SHA256     string `json:"sha256"` // of the Parquet file
}

// FiguresFile is figures.json. In the run folder RunID is left out.
type FiguresFile struct {
	SchemaVersion int            `json:"schema_version"`
	RunID         string         `json:"run_id,omitempty"`
	Figures       []FigureResult `json:"figures"`
}

// ChecksFile is checks.json.
type ChecksFile struct {
	SchemaVersion int           `json:"schema_version"`
	Checks        []CheckResult `json:"checks"`
}

// TablesFile is tables.json: the tables that plots are drawn from.
type TablesFile struct {
	SchemaVersion int           `json:"schema_version"`
	Tables        []TableResult `json:"tables"`
}

// FindingsFile is findings.json.
type FindingsFile struct {
	SchemaVersion int             `json:"schema_version"`
	Findings      []FindingResult `json:"findings"`
}
