package tally

import "errors"

// breachWriter writes the rows of account_breaches.
type breachWriter struct {
	*writer
	n int // rows of the row group in the making
}

// add takes accounts in the order of their keys.
func (w *breachWriter) add(from int64, accounts []breach) error {
	for i := range accounts {
		b := &accounts[i]
		if b.thirdParty.records == 0 && b.overseas.records == 0 {
			continue
		}
		w.cols[0].i32 = append(w.cols[0].i32, int32(from+int64(i)))
		w.kind(thirdPartyAt, &b.thirdParty)
		w.kind(overseasAt, &b.overseas)
		w.cols[filledAt].i64 = append(w.cols[filledAt].i64, b.filled.records)
		w.days(filledAt+1, &b.filled)
		w.kind(uncoveredAt, &b.uncovered)
		if w.n++; w.n == groupRows {
			if err := w.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *breachWriter) kind(at int, l *lacking) {
	w.cols[at].i64 = append(w.cols[at].i64, l.records)
	w.cols[at+1].i64 = append(w.cols[at+1].i64, l.items)
	w.days(at+2, l)
}

func (w *breachWriter) days(at int, l *lacking) {
	first, last := int64(l.first), int64(l.last)
	if l.records == 0 {
		first, last = nobody, nobody
	}
	w.cols[at].nullable(first)
	w.cols[at+1].nullable(last)
}

// end writes the row group in the making.
func (w *breachWriter) end() error {
	n := w.n
	w.n = 0
	return w.flush(n)
}

func (w *breachWriter) close() (int64, error) {
	if w.n > 0 {
		if err := w.end(); err != nil {
			return 0, errors.Join(err, w.discard())
		}
	}
	return w.writer.close()
}
