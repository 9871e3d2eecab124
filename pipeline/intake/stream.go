package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"exhibit/pipeline"
)

const (
	blockBytes = 1 << 20
	blocks     = 4
)

// stream reads a delivered file in a goroutine of its own: hashes it,
// decompresses it, transcodes it if it is UTF-16, and hands the text over in a
// few fixed blocks. The lines and records of a block are counted as it is taken.
type stream struct {
	name    string
	charset charset
	dialect *pipeline.Dialect
	spares  *spares

	full chan block
	free chan []byte
	stop atomic.Bool   // the rest is only hashed
	quit chan struct{} // closed by abandon
	done chan struct{} // closed when the goroutine is over

	current, spare []byte // of the consumer
	last           error  // of the consumer
	lines          lineCounter
	count          recordCounter
	lineEnds       lineEnds // known after begin

	made [][]byte // every block; given back by abandon

	// What follows is read by others only after done.
	sum   string // SHA-256 of the raw bytes; "" if they could not be read
	bytes int64  // raw
	text  int64  // decompressed, the byte order mark included
	err   error  // of the machine
	start int    // bytes of the byte order mark; also set before the first block is handed over
}

type block struct {
	data []byte
	err  error
}

func newStream(name string, cs charset, d *pipeline.Dialect, spare *spares) *stream {
	s := &stream{name: name, charset: cs, dialect: d, spares: spare,
		full: make(chan block, blocks), free: make(chan []byte, blocks),
		quit: make(chan struct{}), done: make(chan struct{})}
	for range blocks {
		s.free <- nil // each is made when first used: small files need one
	}
	return s
}

// rawReader hashes and counts what is read, and remembers how reading ended, so
// that a failing disk is never taken for a broken file.
type rawReader struct {
	ctx  context.Context
	in   io.Reader
	hash hash.Hash
	n    int64
	err  error
}

func (r *rawReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.err = r.ctx.Err(); r.err != nil {
		return 0, r.err
	}
	n, err := r.in.Read(p)
	r.hash.Write(p[:n])
	r.n += int64(n)
	r.err = err
	return n, err
}

// failed is the error of the machine, if there was one.
func (r *rawReader) failed() error { return machineError(r.err) }

func machineError(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// run is the body of the goroutine. Whatever becomes of the text, the raw bytes
// are read to their end, because the hash is of all of them.
func (s *stream) run(ctx context.Context, in io.Reader) {
	defer close(s.done)
	read := &rawReader{ctx: ctx, in: in, hash: sha256.New()}
	raw := newAheadReader(read, s.spares)
	err := guard(func() error { return s.deliver(raw) })
	if raw.failed() == nil {
		if drained := guard(func() error { return drain(raw) }); err == nil || errors.Is(err, io.EOF) {
			err = drained
		}
	}
	raw.close()
	if s.err = raw.failed(); s.err != nil {
		err = s.err
	} else {
		s.sum, s.bytes = hex.EncodeToString(read.hash.Sum(nil)), read.n
	}
	if err == nil {
		err = io.EOF
	}
	select {
	case s.full <- block{err: err}:
	case <-s.quit:
	}
}

func drain(raw io.Reader) error {
	buf := make([]byte, 64<<10)
	for {
		if _, err := raw.Read(buf); err != nil {
			return nil // failed tells whether it was the end
		}
	}
}

// deliver hands over the text of the file block by block. It returns nil at the
// end, a refusal, or the machine's error.
func (s *stream) deliver(raw rawBytes) error {
	body, closeBody, err := decompress(raw, s.name)
	if err != nil {
		return err
	}
	defer closeBody()
	text, err := s.decode(body)
	if err != nil {
		return err
	}
	for first := true; !s.stop.Load(); first = false {
		var buf []byte
		select {
		case buf = <-s.free:
		case <-s.quit:
			return nil
		}
		if buf == nil {
			buf = s.spares.take()
			s.made = append(s.made, buf)
		}
		n, err := readBlock(text, buf)
		if n > 0 || first && errors.Is(err, io.EOF) { // an empty first block: there is no text
			select {
			case s.full <- block{data: buf[:n]}:
			case <-s.quit:
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readBlock fills buf but for its last three bytes: the UTF-16 reader needs
// room for a whole character.
func readBlock(in io.Reader, buf []byte) (n int, err error) {
	for len(buf)-n >= utf8.UTFMax && err == nil {
		var m int
		m, err = in.Read(buf[n:])
		n += m
	}
	return n, err
}

// decode looks at the byte order mark and gives the text after it, in UTF-8 if
// the file is UTF-16.
func (s *stream) decode(body io.Reader) (io.Reader, error) {
	var head [4]byte
	body = &countedReader{body, &s.text}
	n, err := io.ReadFull(body, head[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	mark, size, cs := "", 0, s.charset
	switch h := head[:n]; {
	case bytes.HasPrefix(h, []byte{0xFF, 0xFE, 0, 0}):
		mark, size = "utf-32", 4
	case bytes.HasPrefix(h, []byte{0xEF, 0xBB, 0xBF}):
		mark, size = "utf-8", 3
	case bytes.HasPrefix(h, []byte{0xFF, 0xFE}):
		mark, size = "utf-16le", 2
	case bytes.HasPrefix(h, []byte{0xFE, 0xFF}):
		mark, size = "utf-16be", 2
	}
	if n == 0 {
		return body, nil
	}
	if cs == charsetUTF16 {
		cs = charsets[mark] // of no mark: utf-8
		if !cs.wide() {
			return nil, refusal("wrong encoding: declared as utf-16, which needs a byte order mark; use utf-16le or utf-16be where there is none")
		}
	}
	if mark != "" && (mark == "utf-32" || charsets[mark] != cs) {
		return nil, refusal("wrong encoding: the byte order mark is of " + mark + ", and the layout declares another encoding")
	}
	s.start = size
	text := io.MultiReader(bytes.NewReader(head[size:n]), body)
	if cs.wide() {
		return newUTF16Reader(text, cs == charsetUTF16BE), nil
	}
	return text, nil
}

// countedReader counts what is read.
type countedReader struct {
	in io.Reader
	n  *int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	*c.n += int64(n)
	return n, err
}

// begin waits for the first block, which shows the line ends.
func (s *stream) begin() error {
	b := <-s.full
	if b.err != nil {
		s.last = b.err
		return b.err
	}
	s.lineEnds = findLineEnds(s.dialect, b.data)
	s.lines.ends, s.count = s.lineEnds, newRecordCounter(s.dialect, s.lineEnds)
	s.taken(b)
	return nil
}

// Read gives the text. Its error is io.EOF, a refusal, or the machine's.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.current) == 0 {
		if s.last != nil {
			return 0, s.last
		}
		if s.spare != nil {
			s.free <- s.spare // never blocks: there are no more blocks than places
			s.spare = nil
		}
		b := <-s.full
		if s.last = b.err; b.data != nil {
			s.taken(b)
		}
	}
	n := copy(p, s.current)
	s.current = s.current[n:]
	return n, nil
}

// taken counts a block, and makes it the current one.
func (s *stream) taken(b block) {
	s.current, s.spare = b.data, b.data[:cap(b.data)]
	s.lines.add(b.data)
	s.count.add(b.data)
}

// abandon says that no more text is wanted, waits until all raw bytes are
// hashed, and takes the blocks back. It is called once, also at the end.
func (s *stream) abandon() {
	s.stop.Store(true)
	close(s.quit)
	<-s.done
	for _, b := range s.made {
		s.spares.give(b)
	}
	s.made = nil
}

// spares keeps blocks for the next file: most files are small, and making and
// clearing a block would take longer than reading one.
type spares struct{ pool sync.Pool }

func (s *spares) take() []byte {
	if b, ok := s.pool.Get().(*[blockBytes]byte); ok {
		return b[:]
	}
	return make([]byte, blockBytes)
}

func (s *spares) give(b []byte) {
	if len(b) == blockBytes {
		s.pool.Put((*[blockBytes]byte)(b))
	}
}
