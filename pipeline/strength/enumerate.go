package strength

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrFault: the work stopped on a fault of the program or of a callback. What
// the fault said is dropped, as it could hold a value.
var ErrFault = errors.New("strength: stopped by a fault; its text is withheld because it could hold personal data")

// guarded turns a panic of f into ErrFault and drops what it said.
func guarded(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrFault
		}
	}()
	return f()
}

// chunk is how many candidates a worker takes at a time.
const chunk = 100_000

// pass enumerates one space through one hash, once for all fields.
type pass struct {
	hash    int
	sum     func(digest *[maxDigest]byte, candidate []byte)
	form    int
	space   []segment
	index   *index
	workers int
	step    func(n int64) // told of every chunk; calls do not overlap
}

// run marks every target that a candidate hashes to. It gives the time that
// the workers were busy, added up.
func (p *pass) run(outer context.Context, hits []uint64) (busy time.Duration, err error) {
	ctx, stop := context.WithCancelCause(outer)
	defer stop(nil)
	var (
		next, spent atomic.Int64
		tell        sync.Mutex
		wait        sync.WaitGroup
	)
	work := func() error {
		begun := time.Now()
		defer func() { spent.Add(int64(time.Since(begun))) }()
		w := &worker{sum: p.sum, index: p.index}
		defer w.close()
		for ctx.Err() == nil {
			s, from, to := p.chunk(next.Add(1) - 1)
			if s == nil {
				return nil
			}
			w.scan(s, from, to, hits)
			p.told(&tell, to-from)
		}
		return nil
	}
	for range max(1, p.workers) {
		wait.Go(func() {
			if err := guarded(work); err != nil {
				stop(err)
			}
		})
	}
	wait.Wait()
	if outer.Err() == nil {
		err = context.Cause(ctx)
	} else {
		err = outer.Err()
	}
	return time.Duration(spent.Load()), err
}

func (p *pass) told(mu *sync.Mutex, n int64) {
	mu.Lock()
	defer mu.Unlock()
	p.step(n)
}

// chunk is the i-th piece of the space, nil behind the last.
func (p *pass) chunk(i int64) (s *segment, from, to int64) {
	for j := range p.space {
		s := &p.space[j]
		n := (s.to - s.from + chunk - 1) / chunk
		if i < n {
			from := s.from + i*chunk
			return s, from, min(from+chunk, s.to)
		}
		i -= n
	}
	return nil, 0, 0
}

// worker hashes candidates in one buffer, each over the one before.
type worker struct {
	sum    func(digest *[maxDigest]byte, candidate []byte)
	index  *index
	text   [maxToken]byte
	digest [maxDigest]byte
}

// scan tries the numbers from … to−1 of a segment.
func (w *worker) scan(s *segment, from, to int64, hits []uint64) {
	text := w.text[:copy(w.text[:], s.text)]
	s.put(text, from)
	filter, mask := w.index.filter, w.index.mask
	for n := to - from; n > 0; n-- {
		w.sum(&w.digest, text)
		// index.find by hand: the call costs more than the test
		p := binary.BigEndian.Uint64(w.digest[:])
		if filter[p&mask>>6]&(1<<(p&63)) != 0 {
			w.index.mark(&w.digest, hits)
		}
		for i := len(s.at) - 1; i >= 0; i-- {
			c := &text[s.at[i]]
			if *c < '9' {
				*c++
				break
			}
			*c = '0'
		}
	}
}

func (w *worker) close() {
	clear(w.text[:])
	clear(w.digest[:])
}
