package pipeline

// QueryKind is one of the folders under sql/.
type QueryKind string

// The kinds of query, in running order.
const (
	RollupQuery  QueryKind = "rollup"
	CheckQuery   QueryKind = "check"
	FigureQuery  QueryKind = "figure"
	TableQuery   QueryKind = "table" // a small table without persons, for a plot
	FindingQuery QueryKind = "finding"
)

// Severity says what a failing check means.
type Severity string

// Stop holds back publication; Incomplete says that something is missing (both
// end a run with exit code 3); Note is only told.
const (
	Stop       Severity = "stop"
	Incomplete Severity = "incomplete"
	Note       Severity = "note"
)

// Query is one SQL file: its header, its prose and its text.
type Query struct {
	Kind       QueryKind
	Name       string
	Title      Text
	Unit       string   // of a figure's values: persons, records, days …
	Needs      []string // tables it reads, nothing else
	Grain      string   // of a rollup: what one row is
	Scope      string   // of a rollup: "" (the case) | "month" (each source and month of transfers by itself)
	Range      string   // the key in ranges of which a rollup may run, or a finding, whose rows are in its order; "" none
	Severity   Severity // of a check
	Rule       string   // of a finding or a check, and of a figure that tests one: law, article, element
	Definition string   // the prose: the footnote of the report
	Readings   []string // the definitions that change a figure, for example "holders"
	SQL        string   // the whole file as it stands, comments included
	SHA256     string   // of SQL
	Path       string   // for errors: rollup/account_months.sql
	Variants   map[string]string
}
