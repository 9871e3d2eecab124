package intake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"exhibit/pipeline"
)

// Record is one accepted record of a file that is read again. It and every
// slice it gives hold until visit returns: the buffers are used for the next.
type Record struct {
	Number    int64        // among all records of the file, from 1, as in the table rejects
	Line      int64        // first physical line, from 1
	LastLine  int64        // the last; of a record in one line the same
	Offset    int64        // of its first byte in the decompressed file, from 0
	Day       pipeline.Day // of a transfer; else of the file, or NoDay
	Account   []byte       // as text in UTF-8; nil if the record has none
	Recipient []byte       // of a transfer; nil if the record has none
	Country   string       // of the recipient
	Fields    int64        // a bit for each item present, as in transfers.fields

	f    *delivery
	rec  *record
	text []byte
}

// Filled says whether the i-th field of the schema has a value.
func (r *Record) Filled(i int) bool { return r.f.values[i].present }

// Text gives the i-th field of the schema as it was delivered, in UTF-8; nil
// where it has no value.
func (r *Record) Text(i int) []byte {
	if !r.Filled(i) {
		return nil
	}
	text := r.rec.fields[r.f.columns[i].at]
	if !r.rec.high || r.rec.decoded || r.f.codec.utf8 {
		return text
	}
	from := len(r.text)
	r.text = r.f.codec.decode(r.text, text)
	return r.text[from:]
}

// Replay reads a delivered file again, exactly as Read did, and shows each
// accepted record to visit, in the order of the file. It writes nothing.
//
// Only when it returns nil were the records those of the file whose SHA-256 is
// given: the hash of all bytes is known at their end. A file with another hash,
// or one that cannot be loaded, gives an error that wraps pipeline.ErrVerify. An
// error of visit ends the reading and is returned as it is; any other error is
// the machine's.
func (r *Reader) Replay(ctx context.Context, src *pipeline.Source, path, sha256 string, visit func(*Record) error) error {
	l, err := compile(src)
	if err != nil {
		return fmt.Errorf("source %s: %w", src.Name, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := r.delivery(newDelivery(l, filepath.Base(path), "", nil))
	var failed error
	f.visit = func(rec *Record) error {
		if failed = visit(rec); failed != nil {
			cancel() // the rest of the file is of no interest, not even its hash
		}
		return failed
	}
	err = r.take(ctx, f, path)
	if ferr := f.forget(); err == nil {
		err = ferr
	}
	var why refusal
	switch {
	case failed != nil:
		return failed
	case errors.As(err, &why) && f.total.sum != "" && f.total.sum != sha256, err == nil && f.total.sum != sha256:
		return fmt.Errorf("%s: its bytes are not those that were read before: %w", path, pipeline.ErrVerify)
	case errors.As(err, &why):
		return fmt.Errorf("%s: %s: %w", path, why, pipeline.ErrVerify)
	}
	return err
}

// show hands an accepted record to visit.
func (f *delivery) show(rec *record, day pipeline.Day, bits int64) error {
	f.rows.total++
	s := &f.shown
	*s = Record{Number: f.records, Line: rec.line, LastLine: rec.last, Offset: rec.offset, Day: day, Fields: bits,
		f: f, rec: rec, text: s.text[:0]}
	if f.account != nil {
		if v := &f.values[f.account.index]; v.present {
			s.Account = v.text
		}
	}
	if f.src.Kind == pipeline.Transfers {
		if name, country, ok := f.recipientOf(); ok {
			s.Recipient, s.Country = name, country
		}
	}
	return f.visit(s)
}
