package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// table is a mounted table and a hash of its content, which is part of the
// key of every rollup made from it.
type table struct {
	Mounted
	lake   []LakeFile // the files of Mounted, as the ledger or the memo names them
	scoped bool       // a rollup that is made month by month
	months []int      // of a rollup: the month, as yyyymm, that each file was made for; 0 where it is for the case
	from   []string   // of a rollup: the source that each file was made for; "" where it is for the case
	hash   string
	// What the whole table is read from, where that is not lake: see gather.
	gathered []LakeFile
}

// addFile adds a file of the lake, with the columns that its path stands for.
func (in *Inspection) addFile(t *table, f LakeFile, values map[string]any) {
	t.Files = append(t.Files, MountedFile{in.Store.Root() + "/" + f.Path, values})
	t.lake = append(t.lake, f)
}

// close takes the hash of a table of files: of their bytes, and of the columns
// that do not stand in them.
func (t *table) close() (err error) {
	sums := make([]string, len(t.lake))
	for i, f := range t.lake {
		if sums[i], err = digest(f.SHA256, t.Files[i].Values); err != nil {
			return err
		}
	}
	slices.Sort(sums)
	t.hash, err = digest(t.Def, sums)
	return err
}

func fromRows(name string, rows [][]any) (table, error) {
	def, _ := LookupTable(name)
	hash, err := digest(name, rows)
	return table{Mounted: Mounted{Def: def, Rows: rows}, hash: hash}, err
}

// baseTables are the tables that are no rollup, as the ledger and case.yaml
// give them. The table params comes later: it differs by reading.
func (in *Inspection) baseTables() (map[string]table, error) {
	if err := in.settled(); err != nil {
		return nil, err
	}
	in.parts, in.days, in.family = nil, nil, map[string]Rollup{}
	in.State().Sorted() // once, before both
	var files table
	var wrong error
	var footers sync.WaitGroup
	footers.Go(func() { files, wrong = in.filesTable() })
	all, err := in.otherTables()
	footers.Wait()
	if err := errors.Join(err, wrong); err != nil {
		return nil, err
	}
	all[files.Def.Name] = files
	return all, nil
}

// otherTables are the base tables but for files, for which the disk is asked.
func (in *Inspection) otherTables() (map[string]table, error) {
	all := map[string]table{}
	add := func(t table, err error) error {
		all[t.Def.Name] = t
		return err
	}
	for _, err := range []error{
		add(fromRows("sources", in.sourcesRows())),
		add(fromRows("source_days", in.sourceDaysRows())),
		add(fromRows("fields", in.fieldsRows())),
		add(fromRows("calendar", in.calendarRows())),
		add(in.transfers()),
		add(in.tableOf("rejects", Loaded)),
		add(in.accountIDs()),
		add(in.newestCustomers()),
		add(in.customerHistory()),
		add(in.tableOf("overseas_payments", Loaded)),
		add(in.tableOf("consents", Loaded)),
		add(in.tableOf("contracts", Loaded)),
		add(in.recipients()),
	} {
		if err != nil {
			return nil, err
		}
	}
	for i := range in.Case.Sources {
		if err := add(in.recordsOf(&in.Case.Sources[i])); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// settled says whether the lake is what case.yaml and the ledger say: every
// loaded file by the layout of now, and none waiting to be read again.
func (in *Inspection) settled() error {
	if err := in.takeLayouts(); err != nil {
		return err
	}
	for _, r := range in.State().Receipts {
		if r.Status == Stale || r.Status == Loaded && in.otherLayout(r) {
			return WithHint(Misuse(fmt.Errorf("%s: has to be read again, by the layout of now", r.Path)), "exhibit run")
		}
	}
	return nil
}

// transfers is the table of accepted records.
func (in *Inspection) transfers() (table, error) {
	t := newTable("transfers")
	in.eachDay(func(_ scopeKey, f LakeFile, values map[string]any) { in.addFile(&t, f, values) })
	return t, t.close()
}

// scopeKey names a source and a month, as yyyymm.
type scopeKey struct {
	source string
	month  int
}

// transfersByMonth are the accepted records of each source and month.
func (in *Inspection) transfersByMonth() (map[scopeKey]table, error) {
	out := map[scopeKey]table{}
	in.eachDay(func(of scopeKey, f LakeFile, values map[string]any) {
		t, ok := out[of]
		if !ok {
			t = newTable("transfers")
		}
		in.addFile(&t, f, values)
		out[of] = t
	})
	for of, t := range out {
		if err := t.close(); err != nil {
			return nil, err
		}
		out[of] = t
	}
	return out, nil
}

// eachDay gives the files of transfers in their order, each of a day.
func (in *Inspection) eachDay(do func(of scopeKey, f LakeFile, values map[string]any)) {
	for _, r := range in.loaded(Transfers) {
		lake := r.lake("transfers")
		for i, d := range r.Days {
			do(scopeKey{r.Source, d.Day.Month()}, lake[i], map[string]any{"source": r.Source, "transfer_date": d.Day})
		}
	}
}

func newTable(name string) table {
	def, _ := LookupTable(name)
	return table{Mounted: Mounted{Def: def}}
}

// loaded lists the loaded files of the sources of a kind, by source and path.
func (in *Inspection) loaded(kind Kind) []*Receipt {
	var out []*Receipt
	for _, r := range in.State().Sorted() {
		if src := in.Case.Source(r.Source); src != nil && src.Kind == kind && r.Status == Loaded {
			out = append(out, r)
		}
	}
	return out
}

// tableOf is a table with one Parquet file for each file of a status.
func (in *Inspection) tableOf(name string, status Status) (table, error) {
	t := newTable(name)
	for _, r := range in.State().Sorted() {
		src := in.Case.Source(r.Source)
		if r.Status != status || src == nil {
			continue
		}
		for _, f := range r.lake(name) {
			in.addFile(&t, f, constants(t.Def, src))
		}
	}
	return t, t.close()
}

// constants are the columns of a table that are the same for a whole source.
func constants(def TableDef, src *Source) map[string]any {
	values := map[string]any{}
	for _, c := range def.Columns {
		switch c.Name {
		case "source":
			values["source"] = src.Name
		case "sender":
			values["sender"] = src.Sender
		}
	}
	return values
}

// newestCustomers is the newest customer table of each source: a later
// snapshot replaces the earlier ones.
func (in *Inspection) newestCustomers() (table, error) {
	newest := map[string]Day{}
	for _, r := range in.loaded(Customers) {
		if d, ok := newest[r.Source]; !ok || r.NameDay > d {
			newest[r.Source] = r.NameDay
		}
	}
	t := newTable("customers")
	for _, r := range in.loaded(Customers) {
		if r.NameDay != newest[r.Source] {
			continue
		}
		for _, f := range r.lake("customers") {
			in.addFile(&t, f, constants(t.Def, in.Case.Source(r.Source)))
		}
	}
	return t, t.close()
}

// customerHistory is every customer table, with the day of its snapshot.
func (in *Inspection) customerHistory() (table, error) {
	t := newTable("customer_history")
	for _, r := range in.loaded(Customers) {
		for _, f := range r.lake("customers") {
			values := constants(t.Def, in.Case.Source(r.Source))
			values["as_of"] = dayOrNil(r.NameDay)
			in.addFile(&t, f, values)
		}
	}
	return t, t.close()
}

// recipients is the table of recipients, in the order of their keys.
func (in *Inspection) recipients() (table, error) {
	t := newTable("recipients")
	for _, f := range in.listFiles(recipientList) {
		in.addFile(&t, f, nil)
	}
	return t, t.close()
}

// recordsOf is the table records_<source>: what a source delivered, with its
// kept attributes.
func (in *Inspection) recordsOf(src *Source) (table, error) {
	t := table{Mounted: Mounted{Def: TableDef{Name: "records_" + src.Name, Grain: "one accepted record of " + src.Name,
		Columns: append([]Column{{"source", "VARCHAR"}, {"file_id", "VARCHAR"}}, StagedColumns(src)...)}}}
	for _, r := range in.loaded(src.Kind) {
		if r.Source != src.Name {
			continue
		}
		for i, f := range r.lake(string(src.Kind)) {
			values := map[string]any{"source": src.Name}
			if src.Kind == Transfers {
				values["transfer_date"] = r.Days[i].Day
			}
			in.addFile(&t, f, values)
		}
	}
	return t, t.close()
}

func (in *Inspection) filesTable() (table, error) {
	receipts := in.State().Sorted()
	rows := make([][]any, len(receipts))
	which := make([]int, len(receipts))
	for i := range which {
		which[i] = i
	}
	err := Together(which, func(i int) error {
		r := receipts[i]
		var control any
		if r.Control != nil {
			control = *r.Control
		}
		footers, err := in.footerRows(r)
		rows[i] = []any{r.FileID, r.Source, r.Path, r.SHA256, r.Bytes, dayOrNil(r.NameDay),
			r.Records, r.Accepted, r.Rejected, r.Blank, string(r.Status), r.Reason, control, footers}
		return err
	})
	if err != nil {
		return table{}, err
	}
	return fromRows("files", rows)
}

// footerRows is the number of rows of a loaded file by the footers of its
// Parquet files, or nil.
func (in *Inspection) footerRows(r *Receipt) (any, error) {
	src := in.Case.Source(r.Source)
	if r.Status != Loaded || src == nil {
		return nil, nil
	}
	sum := int64(0)
	for _, f := range r.lake(string(src.Kind)) {
		n, err := in.Store.FooterRows(f)
		if err != nil {
			return nil, err
		}
		sum += n
	}
	return sum, nil
}

func dayOrNil(d Day) any {
	if d == NoDay {
		return nil
	}
	return d
}

func (in *Inspection) sourcesRows() [][]any {
	var rows [][]any
	for i := range in.Case.Sources {
		s := &in.Case.Sources[i]
		stopped := NoDay
		if d, ok := in.Case.Stopped[s.Name]; ok {
			stopped = d
		}
		rows = append(rows, []any{s.Name, string(s.Kind), s.Sender, s.Recipient.Name, s.Recipient.Country, s.Purpose, s.Cadence, dayOrNil(stopped)})
	}
	return rows
}

// sourceDay is one day of one source, as Go counts it.
type sourceDay struct {
	expected, covered bool
	files, records    int64
}

// sourceDays gives the days of a source of transfers that are expected or
// covered. A day is expected by the cadence, within the span, up to the day on
// which the sender says it stopped. It is covered by a loaded file that bears
// the day in its name, even one without records, or by a record of that day.
func (in *Inspection) sourceDays(src *Source) map[Day]*sourceDay {
	days := map[Day]*sourceDay{}
	at := func(d Day) *sourceDay {
		if days[d] == nil {
			days[d] = &sourceDay{}
		}
		return days[d]
	}
	if src.Cadence == "daily" {
		last := in.Case.Span.To
		if stopped, ok := in.Case.Stopped[src.Name]; ok {
			last = min(last, stopped)
		}
		for d := in.Case.Span.From; d <= last; d++ {
			at(d).expected = true
		}
	}
	for _, r := range in.State().With(src.Name, Loaded) {
		for _, d := range r.days() {
			at(d).covered = true
			at(d).files++
		}
		for _, d := range r.Days {
			at(d.Day).records += d.Records
		}
	}
	return days
}

func (in *Inspection) sourceDaysRows() [][]any {
	var rows [][]any
	for i := range in.Case.Sources {
		src := &in.Case.Sources[i]
		if src.Kind != Transfers {
			continue
		}
		days := in.sourceDays(src)
		for _, d := range sortedDays(days) {
			x := days[d]
			rows = append(rows, []any{src.Name, d, x.expected, x.covered, x.files, x.records})
		}
	}
	return rows
}

func sortedDays[V any](m map[Day]V) []Day {
	days := make([]Day, 0, len(m))
	for d := range m {
		days = append(days, d)
	}
	slices.Sort(days)
	return days
}

func (in *Inspection) fieldsRows() [][]any {
	var rows [][]any
	for i := range in.Case.Sources {
		src := &in.Case.Sources[i]
		seen, unknown := in.fieldCounts(src)
		bit := int64(1)
		for k := range src.Schema.Fields {
			f := &src.Schema.Fields[k]
			row := fieldRow(src, f.Name, string(f.Role), seen[f.Name])
			row[4], row[5], row[6] = f.Identifies, !f.Needed.Never, dayOrNil(f.Needed.Until)
			if src.Kind == Transfers && f.Item() {
				row[2] = bit
				bit <<= 1
			}
			rows = append(rows, row)
		}
		for _, name := range sortedKeys(unknown) {
			rows = append(rows, fieldRow(src, name, "new", unknown[name]))
		}
	}
	return rows
}

// fieldRow is a row of the table fields, of a field that is no item and that
// nobody said is needed.
func fieldRow(src *Source, name, role string, c FieldCount) []any {
	row := []any{src.Name, name, int64(0), role, "", nil, nil, nil, nil, c.Records}
	if c.Records > 0 {
		row[7], row[8] = dayOrNil(c.First), dayOrNil(c.Last)
	}
	return row
}

// fieldCounts adds up how often each field of a source was filled, those of
// the layout and those that it lacks.
func (in *Inspection) fieldCounts(src *Source) (seen, unknown map[string]FieldCount) {
	seen, unknown = map[string]FieldCount{}, map[string]FieldCount{}
	for _, r := range in.State().With(src.Name, Loaded) {
		addCounts(seen, r.Fields)
		addCounts(unknown, r.NewFields)
	}
	return seen, unknown
}

func addCounts(to map[string]FieldCount, counts []FieldCount) {
	for _, f := range counts {
		c, ok := to[f.Field]
		if !ok || c.Records == 0 {
			c = FieldCount{Field: f.Field, Records: c.Records, First: f.First, Last: f.Last}
		}
		if f.Records > 0 {
			c.Records += f.Records
			c.First, c.Last = min(c.First, f.First), max(c.Last, f.Last)
		}
		to[f.Field] = c
	}
}

func (in *Inspection) paramsRows(d Definitions) [][]any {
	var population any
	if in.Case.Population.Persons > 0 {
		population = in.Case.Population.Persons
	}
	return [][]any{{in.Case.Span.From, in.Case.Span.To, d.OverseasPayment, d.Holders, d.Outsourcing, dayOrNil(d.UnneededSince),
		population, in.Case.Limits.RejectedPerMillion, in.Case.Limits.BulkTimes, in.Case.HomeCountry}}
}

// textOf gives a value of a result as text, for checks and messages.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999")
	}
	return fmt.Sprint(v)
}
