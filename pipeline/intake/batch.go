package intake

import (
	"exhibit/pipeline"
)

// A batch ends with whichever comes first, and is small enough to be in the
// cache for whoever has it next. None of them changes what a file gives.
const (
	batchRecords = 512
	batchBytes   = 96 << 10 // of text, at least
	batchValues  = 16 << 10 // typed values, for layouts of many columns
)

// batchSize is how much of a file is a batch. Records below 0 mean that records
// are read and checked one by one.
type batchSize struct {
	records, bytes int
	buffer         int // bytes of the text held at a time, to begin with; 0: a block
}

func (s batchSize) of(columns int) batchSize {
	if s.records == 0 {
		s.records, s.bytes = batchRecords, batchBytes
	}
	s.records = max(1, min(s.records, batchValues/max(columns, 1)))
	return s
}

// batch is some records of a file that follow on one another, and what became
// of them. It is found by one goroutine, checked by a second and settled by a
// third; no two have it at a time.
type batch struct {
	first  int64 // records before it
	recs   []record
	fields [][]byte // of the records that were taken apart when they were found
	text   []byte   // what the records' raw bytes are part of
	end    int      // of the last record in it
	over   []byte   // the buffer, when no later batch uses it
	bytes  int64    // of all pieces
	lines  int64
	blank  int64
	err    error // how the text ended after them; nil: more batches follow

	days     []pipeline.Day
	problems []problem
	values   []value // one a column for each record
	decoded  []byte
	keys     []int32 // of the accounts that are known; -1
	heard    heard
	failed   error // of the checking
	checked  chan struct{}

	names [][]byte // to be looked up
	of    []int    // the record of each
	found []int32
}

func (b *batch) reset() {
	*b = batch{recs: b.recs[:0], fields: b.fields[:0], days: b.days[:0], problems: b.problems[:0], values: b.values, decoded: b.decoded[:0],
		keys: b.keys[:0], checked: b.checked, names: b.names[:0], of: b.of[:0], found: b.found}
}

// cutter finds the records of a CSV file, in order, and gives them out in
// batches. Quotes are read here, because where a record ends depends on them;
// a record without any is only found, and taken apart by whoever checks it.
type cutter struct {
	t     *tokenizer
	size  batchSize
	found int64
	err   error // of give: no more batches are wanted
	lent  bool  // records in the tokenizer's buffer were given out, and are in use
	b     *batch
	// give passes a batch on and gives an empty one. kept says that the batch
	// and its text stay in use.
	give func(*batch) (next *batch, kept bool, err error)
	room func() []byte // gives another buffer
}

// run finds all records. The last batch says how the text ended.
func (c *cutter) run() {
	c.t.lend, c.t.whole = c.another, true
	var rec record
	for {
		if len(c.b.recs) == 0 {
			c.t.arena = nil // the last batch has it
		}
		kind, err := c.t.next(&rec)
		if err != nil {
			if c.err == nil {
				c.b.err = err
				c.pass()
			}
			return
		}
		b := c.b // another one, if the buffer was changed
		b.bytes += rec.bytes
		b.lines += rec.lines
		switch kind {
		case blankPiece:
			b.blank++
		case recordPiece:
			c.add(&rec)
		}
		if len(b.recs) >= c.size.records || b.bytes >= int64(c.size.bytes) {
			if c.pass(); c.err != nil {
				return
			}
		}
	}
}

func (c *cutter) add(rec *record) {
	b := c.b
	from := len(b.fields)
	b.fields = append(b.fields, rec.fields...)
	b.recs = append(b.recs, *rec)
	last := &b.recs[len(b.recs)-1]
	last.fields = b.fields[from:len(b.fields):len(b.fields)]
	if last.unsplit {
		b.text, b.end = c.t.buf, last.at+len(last.raw)
	}
	c.found++
	c.lent = true
}

// pass gives the batch out.
func (c *cutter) pass() {
	next, kept, err := c.give(c.b)
	if err != nil {
		c.err = err
		return
	}
	c.b = next
	c.b.first = c.found
	c.lent = c.lent && kept
}

// another is called before bytes of the buffer are moved. Where records in it
// are in use, they keep it, and the tokenizer goes on with another.
func (c *cutter) another() ([]byte, error) {
	if !c.lent {
		return nil, nil
	}
	c.b.over = c.t.buf
	if c.pass(); c.err != nil {
		return nil, c.err
	}
	if !c.lent {
		return nil, nil // all of them are done with
	}
	c.lent = false
	return c.room(), nil
}

// batchChecker checks the records of batches.
type batchChecker struct {
	*checker
	t      tokenizer // takes the records without quotes apart
	fields [][]byte
}

// splitter takes apart records that were found.
func (f *delivery) splitter() tokenizer {
	return tokenizer{d: f.t.d, ends: f.t.ends, fields: f.t.fields}
}

// check checks all records of a batch, and looks their accounts up.
func (c *batchChecker) check(b *batch) error {
	f := c.f
	width := len(f.columns)
	if n := len(b.recs) * width; n > len(b.values) {
		b.values = make([]value, n)
	}
	c.text, c.heard = b.decoded, heard{}
	c.t = f.splitter()
	c.t.buf, c.t.end = b.text, b.end
	for i := range b.recs {
		rec := &b.recs[i]
		if f.probe != nil {
			f.probe(b.first + int64(i) + 1)
		}
		if rec.unsplit {
			c.t.pos, rec.fields = rec.at, c.fields[:0]
			c.t.look(rec, len(rec.raw))
			c.t.split(rec)
			c.t.strayEnds(rec)
			c.fields = rec.fields
		}
		values := b.values[i*width : (i+1)*width]
		day, p := c.checker.check(rec, values)
		b.days, b.problems, b.keys = append(b.days, day), append(b.problems, p), append(b.keys, -1)
		if f.account != nil && p.reason == fine && values[f.account.index].present {
			b.names, b.of = append(b.names, values[f.account.index].text), append(b.of, i)
		}
	}
	b.decoded, b.heard = c.text, c.heard
	return c.lookup(b)
}

func (c *batchChecker) lookup(b *batch) error {
	if c.f.known == nil || len(b.names) == 0 {
		return nil
	}
	if n := len(b.names); n > len(b.found) {
		b.found = make([]int32, n)
	}
	if err := c.f.lookup(b.names, b.found[:len(b.names)]); err != nil {
		return err
	}
	for i, of := range b.of {
		b.keys[of] = b.found[i]
	}
	return nil
}

// lookup gives the keys of accounts, -1 where they are not known. What other
// files make known meanwhile is not, so that an account is staged in one way in
// the whole file, and its rows are in the order of the file.
func (f *delivery) lookup(names [][]byte, keys []int32) error {
	below, err := f.knownBelow()
	if err != nil {
		return err
	}
	known, err := f.known()
	if err != nil {
		return err
	}
	if err := known.LookupAll(f.src.Sender, names, keys); err != nil {
		return err
	}
	for i, key := range keys {
		if key >= below {
			keys[i] = -1
		}
	}
	return nil
}

// settleBatch decides on the records of a batch that was checked, in the order
// of the file. Its error is nil while the text goes on, io.EOF, a refusal, or
// the machine's.
func (f *delivery) settleBatch(b *batch) error {
	if b.failed != nil {
		return b.failed
	}
	f.bytes += b.bytes
	f.lines += b.lines
	f.staged.Blank += b.blank
	f.heard.add(b.heard)
	width := len(f.columns)
	for i := range b.recs {
		f.records++
		f.values, f.accountKey = b.values[i*width:(i+1)*width], b.keys[i]
		if err := f.settleRecord(&b.recs[i], b.days[i], b.problems[i]); err != nil {
			return err
		}
	}
	return b.err
}
