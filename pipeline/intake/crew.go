package intake

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

const (
	maxHelpers = 4 // of one file: finding and settling its records keep no more busy
	// wideLayout is how many columns a layout may have for its files to be read
	// by several goroutines, each of which has the columns once more.
	wideLayout = 1000
)

// helpers are the goroutines that check records beside those that read files.
type helpers struct{ idle atomic.Int64 }

// hire gives a number of helpers, at most half of those that are idle, so that
// the next file gets some; none in a process of one thread.
func (h *helpers) hire() int64 {
	for {
		idle := h.idle.Load()
		n := min(maxHelpers, (idle+1)/2)
		if n <= 0 || h.idle.CompareAndSwap(idle, idle-n) {
			return max(n, 0)
		}
	}
}

func (h *helpers) dismiss(n int64) { h.idle.Add(n) }

// errStopped ends the finding of records when the settling has failed.
var errStopped = errors.New("stopped")

// crew reads the records of a CSV file. Its first batch is read by one
// goroutine from end to end, as most files have no second. From then on this one
// finds records, helpers check them, and another settles them in their order, so
// that what becomes of them is the same for any number of helpers.
type crew struct {
	f       *delivery
	alone   *batchChecker
	batches int
	work    chan *batch // to be checked; nil until there are helpers
	order   chan *batch // to be settled
	free    chan *batch
	quit    chan struct{} // closed when settling ends early
	wg      sync.WaitGroup
	hired   int64
	err     error // how settling ended; read by others after wg
}

// readBatches reads and settles all records.
func (f *delivery) readBatches() error {
	c := &crew{f: f, alone: &batchChecker{checker: &checker{f: f, columns: f.columns}}}
	cut := &cutter{t: f.t, size: f.batch.of(len(f.columns)), b: &batch{}, give: c.give, room: f.buffer}
	err := guard(func() error {
		cut.run()
		return nil
	})
	c.end()
	if c.err != nil {
		err = c.err
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// give takes a batch of the cutter.
func (c *crew) give(b *batch) (next *batch, kept bool, err error) {
	c.batches++
	if c.batches == 2 && len(c.f.columns) <= wideLayout {
		if c.hired = c.f.helpers.hire(); c.hired > 0 {
			c.start()
		}
	}
	if c.work == nil {
		if err := c.settle(b); err != nil {
			return nil, false, err
		}
		b.over = nil
		b.reset()
		return b, false, nil
	}
	b.checked = make(chan struct{})
	select {
	case <-c.quit:
		return nil, true, errStopped
	default:
	}
	c.order <- b // neither blocks: there are no more batches than places
	c.work <- b
	select {
	case next := <-c.free:
		return next, true, nil
	case <-c.quit:
		return nil, true, errStopped
	}
}

// settle checks and settles a batch in this goroutine.
func (c *crew) settle(b *batch) error {
	b.failed = c.alone.check(b)
	err := c.f.settleBatch(b)
	if err != nil {
		c.err = err
	}
	return err
}

// start makes the helpers and the goroutine that settles.
func (c *crew) start() {
	n := int(c.hired) + 2
	c.work, c.order, c.free, c.quit = make(chan *batch, n), make(chan *batch, n), make(chan *batch, n), make(chan struct{})
	for range n - 1 {
		c.free <- &batch{}
	}
	for range c.hired {
		checks := &batchChecker{checker: c.f.checker()}
		c.wg.Go(func() {
			for b := range c.work {
				b.failed = guard(func() error { return checks.check(b) })
				close(b.checked)
			}
		})
	}
	c.wg.Go(func() {
		if c.err = guard(c.settleAll); c.err != nil {
			close(c.quit)
		}
	})
}

func (c *crew) settleAll() error {
	for b := range c.order {
		<-b.checked
		if err := c.f.settleBatch(b); err != nil {
			return err
		}
		c.f.spares.give(b.over)
		b.reset()
		c.free <- b
	}
	return nil
}

// end waits until every goroutine is over.
func (c *crew) end() {
	if c.work != nil {
		close(c.work)
		close(c.order)
		c.wg.Wait()
	}
	c.f.helpers.dismiss(c.hired)
}
