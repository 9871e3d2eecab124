package intake

import (
	"encoding/binary"
	"errors"
	"io"
	"path/filepath"
	"sync"

	"exhibit/pipeline"
)

// delivery is the reading of one delivered file.
type delivery struct {
	*layout
	base          string
	dir           string // "" where nothing is staged
	known         pipeline.Known
	knownBelow    func() (int32, error) // keys from here on came to be known after the first account was looked up
	progress      func(n int64)
	local         newcomers      // the accounts that known lacks
	named         newcomers      // the recipients, by country
	taken         []*taken       // of each unique column
	lastNamed     namedRecipient // of the record before
	recipientName []byte         // of the source
	codec         *codec
	limit         int
	probe         func(int64)
	helpers       *helpers
	spares        *spares
	batch         batchSize

	t      *tokenizer
	byName []string // the field at each position of a record; "" none
	extra  []extra
	values []value // of the record, one a column of the layout
	key    [8]byte
	// accountKey is the key of the record's account as far as it was looked up:
	// -1 not known, notLookedUp.
	accountKey int32

	total        tally
	visit        func(*Record) error // of Replay; nil: the records are staged
	shown        Record
	staged       pipeline.Staged
	rows         *table
	rejects      *table
	accounts     *table
	recipients   *table
	days         map[pipeline.Day]int64
	seenDay      pipeline.Day // with the items whose days are known to reach it
	seen         int64
	day          pipeline.Day // the last one counted, with its records
	dayRecords   int64
	bytes, lines int64 // of all pieces
	headers      int64
	records      int64 // that were read
	heard        heard
}

// tally is what was counted of a file apart from the reading of its records.
type tally struct {
	sum     string // SHA-256 of the raw bytes; "" if they could not be read
	size    int64  // raw bytes
	text    int64  // bytes that the pieces must add up to
	lines   int64  // physical lines
	records int64  // the header included
	cut     bool   // a quote was out of place: what is a record is a matter of reading
}

// extra is a column that the header has and the layout has not.
type extra struct {
	at    int
	count pipeline.FieldCount
}

const notLookedUp = -2

// rejectColumns are those of the table rejects less file_id and source.
var rejectColumns = []pipeline.Column{{Name: "record", Type: "BIGINT"}, {Name: "line", Type: "BIGINT"}, {Name: "last_line", Type: "BIGINT"},
	{Name: "byte_offset", Type: "BIGINT"}, {Name: "reason", Type: "VARCHAR"}, {Name: "field", Type: "VARCHAR"}, {Name: "detail", Type: "VARCHAR"}}

func newDelivery(l *layout, base, dir string, known pipeline.Known) *delivery {
	f := &delivery{layout: l, base: base, dir: dir, known: known, progress: func(int64) {}, values: make([]value, len(l.columns)),
		days: map[pipeline.Day]int64{}, day: pipeline.NoDay, seenDay: pipeline.NoDay, accountKey: notLookedUp,
		recipientName: []byte(l.src.Recipient.Name),
		helpers:       &helpers{}, spares: &spares{},
		rows:     newTable(filepath.Join(dir, "rows.parquet"), pipeline.StagedColumns(l.src)),
		rejects:  newTable(filepath.Join(dir, "rejects.parquet"), rejectColumns),
		accounts: newTable(filepath.Join(dir, "accounts.parquet"), []pipeline.Column{{Name: "account_id", Type: "VARCHAR"}}),
		recipients: newTable(filepath.Join(dir, "recipients.parquet"),
			[]pipeline.Column{{Name: "country", Type: "VARCHAR"}, {Name: "recipient", Type: "VARCHAR"}})}
	f.knownBelow = sync.OnceValues(func() (int32, error) {
		r, err := known()
		if err != nil {
			return 0, err
		}
		return r.Len(), nil
	})
	f.staged.Source = l.src.Name
	f.staged.NameDay = fixed(dateRule(l.src))
	f.staged.Reasons = map[string]int64{}
	for _, c := range l.items {
		f.staged.Fields = append(f.staged.Fields, pipeline.FieldCount{Field: c.field.Name, First: pipeline.NoDay, Last: pipeline.NoDay})
	}
	return f
}

// readName takes the day from the file's name, where the source says so.
func (f *delivery) readName() (err error) {
	if f.name != nil {
		f.staged.NameDay, err = f.name.day(f.base)
	}
	return err
}

// read reads all records. It returns nil, a refusal, or the machine's error.
func (f *delivery) read(s *stream) error {
	if err := f.readName(); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	if len(s.current) == 0 {
		return errNoData
	}
	f.bytes = int64(s.start)
	d := f.dialect
	f.t = newTokenizer(s, d, s.lineEnds, f.limit, maxColumns)
	f.t.buf = f.buffer()
	f.t.chunk = len(f.t.buf)
	f.t.offset, f.t.wide = f.bytes, f.charset.wide()
	skipped, err := f.t.skipLines(d.SkipLines)
	f.piece(&skipped)
	if err != nil {
		return err
	}
	var rec record
	switch f.src.Format {
	case formatJSONL:
		return f.readRecords(newJSONLines(f), &rec)
	case formatFixed:
		return f.readFixed(&rec)
	}
	if d.Header {
		if err := f.readHeader(&rec); err != nil {
			return err
		}
	} else {
		f.positional()
	}
	f.t.fields = len(f.byName)
	if f.visit != nil || len(f.extra) > 0 || f.batch.records < 0 {
		return f.readRecords(f.t, &rec)
	}
	return f.readBatches()
}

// buffer is one for the text that the tokenizer holds.
func (f *delivery) buffer() []byte {
	if n := f.batch.buffer; n > 0 {
		return make([]byte, n)
	}
	return f.spares.take()
}

func (f *delivery) piece(rec *record) {
	f.bytes += rec.bytes
	f.lines += rec.lines
}

// readRecords reads and checks one record after the other.
func (f *delivery) readRecords(in records, rec *record) error {
	c := checker{f: f, columns: f.columns}
	defer func() { f.heard.add(c.heard) }()
	for {
		kind, err := in.next(rec)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f.piece(rec)
		switch kind {
		case blankPiece:
			f.staged.Blank++
		case recordPiece:
			f.records++
			if f.probe != nil {
				f.probe(f.records)
			}
			c.text = c.text[:0]
			day, p := c.check(rec, f.values)
			if err := f.settleRecord(rec, day, p); err != nil {
				return err
			}
		}
	}
}

// progressEvery is after how many records of a file others hear of them.
const progressEvery = 1 << 14

// settleRecord decides on a record that was checked, in the order of the file.
func (f *delivery) settleRecord(rec *record, day pipeline.Day, p problem) error {
	if f.records%progressEvery == 0 {
		f.progress(progressEvery)
	}
	if p.reason == fine && len(f.unique) > 0 {
		var err error
		if p, err = f.checkUnique(); err != nil {
			return err
		}
	}
	if p.reason != fine {
		return f.reject(rec, p)
	}
	return f.accept(rec, day)
}

// checkUnique comes last, so that a value counts as taken only by a record that
// is accepted.
func (f *delivery) checkUnique() (problem, error) {
	for i, c := range f.unique {
		if v := &f.values[c.index]; v.present {
			if has, err := f.taken[i].has(f.identity(c, v)); has || err != nil {
				return problem{reason: duplicateValue, field: c.at}, err
			}
		}
	}
	for i, c := range f.unique {
		if v := &f.values[c.index]; v.present {
			if err := f.taken[i].add(f.identity(c, v)); err != nil {
				return problem{}, err
			}
		}
	}
	return problem{}, nil
}

// identity is what makes two values of a field the same: the typed value where
// one stands for it, else the text.
func (f *delivery) identity(c *column, v *value) []byte {
	if c.ordered && v.over == 0 {
		binary.LittleEndian.PutUint64(f.key[:], uint64(v.number))
		return f.key[:]
	}
	return v.text
}

func (f *delivery) reject(rec *record, p problem) error {
	f.staged.Rejected++
	f.staged.Reasons[p.reason.String()]++
	t := f.rejects
	if f.visit != nil {
		t.total++
		return nil
	}
	t.cols[0].number(f.records)
	t.cols[1].number(rec.line)
	t.cols[2].number(rec.last)
	t.cols[3].number(rec.offset)
	t.textAt(4, []byte(p.reason.String()))
	field := ""
	if p.field >= 0 && p.field < len(f.byName) {
		field = f.byName[p.field]
	}
	for i, text := range []string{field, p.detail} {
		if text == "" {
			t.cols[5+i].null()
		} else {
			t.textAt(5+i, []byte(text))
		}
	}
	return t.endRow()
}

// accept writes a record and counts it.
func (f *delivery) accept(rec *record, day pipeline.Day) error {
	f.staged.Accepted++
	var bits int64
	for i, c := range f.items {
		if f.values[c.index].present {
			bits |= 1 << i
			f.staged.Fields[i].Records++
		}
	}
	if day != f.seenDay || bits&^f.seen != 0 {
		f.widen(bits, day)
	}
	for i := range f.extra {
		if x := &f.extra[i]; f.filled(rec, x.at) {
			see(&x.count, day, f.src.Kind)
		}
	}
	if f.src.Kind == pipeline.Transfers {
		f.countDay(day)
	}
	if f.visit != nil {
		return f.show(rec, day, bits)
	}
	for i := range f.staging {
		if err := f.write(i, &f.staging[i], day, bits); err != nil {
			return err
		}
	}
	return f.rows.endRow()
}
