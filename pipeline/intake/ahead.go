package intake

import "io"

const (
	aheadBytes  = 256 << 10 // of a block
	aheadBlocks = 3
)

// rawBytes are those of a delivered file. failed is the error of the machine
// that ended their reading, if there was one.
type rawBytes interface {
	io.Reader
	failed() error
}

// aheadReader reads a delivered file in blocks. From the second on they are
// read, and hashed, in a goroutine of their own: what takes a packed file apart
// is busy enough, and a small file needs no goroutine.
type aheadReader struct {
	raw    *rawReader // the goroutine's own, once there is one
	spares *spares

	held []byte // the block that rest is part of
	rest []byte
	err  error // how the bytes ended, once rest is read
	read int   // blocks

	full chan rawBlock
	free chan []byte
	quit chan struct{} // closed by close
	done chan struct{} // closed when the goroutine is over
}

type rawBlock struct {
	data []byte
	err  error
}

func newAheadReader(raw *rawReader, s *spares) *aheadReader { return &aheadReader{raw: raw, spares: s} }

func (a *aheadReader) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		a.next()
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// next takes the next block.
func (a *aheadReader) next() {
	var b rawBlock
	switch a.read++; a.read {
	case 1:
		b = a.fill(a.spares.take())
	case 2:
		a.start()
		fallthrough
	default:
		a.free <- a.held // never blocks: there are no more blocks than places
		b = <-a.full
	}
	a.held, a.rest, a.err = b.data[:cap(b.data)], b.data, b.err
}

// fill reads a block; its error stands for what comes after its bytes.
func (a *aheadReader) fill(buf []byte) rawBlock {
	n := 0
	err := guard(func() (err error) {
		for n < aheadBytes && err == nil {
			var m int
			m, err = a.raw.Read(buf[n:aheadBytes])
			n += m
		}
		return err
	})
	return rawBlock{buf[:n], err}
}

func (a *aheadReader) start() {
	a.full, a.free = make(chan rawBlock, aheadBlocks), make(chan []byte, aheadBlocks)
	a.quit, a.done = make(chan struct{}), make(chan struct{})
	for range aheadBlocks - 1 {
		a.free <- a.spares.take()
	}
	go func() {
		defer close(a.done)
		for {
			select {
			case buf := <-a.free:
				b := a.fill(buf)
				if a.full <- b; b.err != nil {
					return
				}
			case <-a.quit:
				return
			}
		}
	}()
}

// failed is the error of the machine, as far as the bytes were asked for.
func (a *aheadReader) failed() error { return machineError(a.err) }

// close waits until nothing is read any more, and gives the blocks back. It is
// called once.
func (a *aheadReader) close() {
	if a.held != nil {
		a.spares.give(a.held)
	}
	if a.done == nil {
		return
	}
	close(a.quit)
	<-a.done
	for len(a.free) > 0 {
		a.spares.give(<-a.free)
	}
	for len(a.full) > 0 {
		b := <-a.full
		a.spares.give(b.data[:cap(b.data)])
	}
}
