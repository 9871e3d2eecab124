package tally

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// steps gives the rows of files one after the other: files of ascending accounts
// are read in step with one another. It holds a batch of rows, however many
// there are.
type steps struct {
	more  func() (struct{}, bool) // reads the next batch
	end   func()
	err   error // that ended the reading
	batch batch
	cols  [][]int64 // of the batch
	room  [][]int64
	i     int // the row at hand
}

// start begins with the row groups of some files that are wanted, each batch of
// which is checked. Only columns that may be NULL have nobody for it; elsewhere
// it is an error.
func (s *steps) start(ctx context.Context, files []source, wanted func(group) bool, check func() error, nullable ...column) {
	s.batch.rows, s.i, s.err = 0, 0, nil
	s.more, s.end = iter.Pull(func(yield func(struct{}) bool) {
		for i := range files {
			s.err = files[i].read(ctx, &s.batch, wanted, func() error {
				if err := s.take(files[i].columns, nullable); err != nil {
					return err
				}
				if err := check(); err != nil {
					return err
				}
				if !yield(struct{}{}) {
					return errEnough
				}
				return nil
			})
			if s.err != nil {
				return
			}
		}
	})
}

// errEnough ends the reading of rows that nobody asks for.
var errEnough = errors.New("enough")

func (s *steps) stop() { s.end() }

// take puts the values of a batch together.
func (s *steps) take(columns, nullable []column) error {
	for len(s.room) < len(columns) {
		s.room, s.cols = append(s.room, make([]int64, batchRows)), append(s.cols, nil)
	}
	for i, c := range columns {
		if !s.batch.cols[i].dense && (len(nullable) == 0 || c != nullable[0]) {
			return fmt.Errorf("column %s: is NULL somewhere", c.name)
		}
		s.cols[i] = s.batch.cols[i].values(s.batch.rows, s.room[i])
	}
	s.i = 0
	return nil
}

// row says whether there is a row at hand, reading on where it has to.
func (s *steps) row() bool {
	for s.i >= s.batch.rows {
		if _, ok := s.more(); !ok {
			s.batch.rows, s.i = 0, 0
			return false
		}
	}
	return true
}
