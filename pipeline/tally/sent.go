package tally

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"exhibit/pipeline"
)

// sentDays are the rows of sent_days, from all workers.
type sentDays struct {
	mu    sync.Mutex
	rows  map[sentDay]sentCount
	limit int
}

type sentDay struct {
	day pipeline.Day
	combination
}

// sentCount counts records, and those of them without an account.
type sentCount struct{ records, without int64 }

// add adds what one worker counted.
func (s *sentDays) add(counts map[sentDay]sentCount) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[sentDay]sentCount{}
	}
	for k, n := range counts {
		have := s.rows[k]
		s.rows[k] = sentCount{have.records + n.records, have.without + n.without}
	}
	if len(s.rows) > s.limit {
		return pipeline.ErrVaried
	}
	return nil
}

// base adds the rows of earlier files of sent_days.
func (s *sentDays) base(ctx context.Context, paths []string) error {
	var b batch
	for _, path := range paths {
		f, err := inspect(path, sentColumns)
		if err != nil {
			return err
		}
		err = f.read(ctx, &b, func(group) bool { return true }, func() error { return s.addRows(&b) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sentDays) addRows(b *batch) error {
	for i := range b.cols[:len(sentColumns)] {
		if i != 1 && !b.cols[i].dense {
			return fmt.Errorf("sent_days: column %s: is NULL somewhere", sentColumns[i].name)
		}
	}
	var cols [5][]int64
	for i := range cols {
		cols[i] = b.cols[i].values(b.rows, make([]int64, b.rows))
	}
	counts := map[sentDay]sentCount{}
	for i, day := range cols[0] {
		counts[sentDay{pipeline.Day(day), combination{cols[1][i], cols[2][i]}}] = sentCount{cols[3][i], cols[4][i]}
	}
	return s.add(counts)
}

// write writes the rows in their order, and gives their number.
func (s *sentDays) write(job pipeline.TallyJob) (int64, error) {
	w, err := newWriter(job.SentDays, "sent_days", int64(len(s.rows)))
	if err != nil {
		return 0, err
	}
	keys := slices.SortedFunc(maps.Keys(s.rows), func(a, b sentDay) int {
		return cmp.Or(cmp.Compare(a.day, b.day), compare(a.combination, b.combination))
	})
	for part := range slices.Chunk(keys, groupRows) {
		for _, k := range part {
			n := s.rows[k]
			w.cols[1].i32 = append(w.cols[1].i32, int32(k.day))
			w.cols[2].nullable(k.recipient)
			w.cols[3].i64 = append(w.cols[3].i64, k.fields)
			w.cols[4].i64 = append(w.cols[4].i64, n.records)
			w.cols[5].i64 = append(w.cols[5].i64, n.without)
		}
		w.cols[0].text(job.Source, len(part))
		if err := w.flush(len(part)); err != nil {
			return 0, errors.Join(err, w.discard())
		}
	}
	return w.close()
}
