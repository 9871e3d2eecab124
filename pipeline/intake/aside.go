package intake

import (
	"fmt"
	"os"
)

// longRow is how many bytes of text a row may have to lie aside: so many times
// the rows of a vector are read back at a time, wherever in the file they are.
const longRow = 8 << 10

// asideFile is where values of a table wait on disk that memory has no room for.
// It is private, made when first needed, and lies beside the staged file.
type asideFile struct {
	path string
	file *os.File
	size int64
}

// mayLieAside says whether the texts of all rows are short enough.
func (p *part) mayLieAside() bool {
	for row := range p.keys.rows {
		n := 0
		for i := range p.cols {
			n += p.cols[i].textBetween(row, row+1)
		}
		if n > longRow {
			return false
		}
	}
	return true
}

// put writes the values of a part and drops them from memory.
func (a *asideFile) put(p *part) (err error) {
	if a.file == nil {
		if a.file, err = os.OpenFile(a.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return err
		}
	}
	p.aside = a
	for i := range p.cols {
		c := &p.cols[i]
		if _, err := a.file.WriteAt(c.raw, a.size); err != nil {
			return err
		}
		c.aside = a.size
		a.size += int64(len(c.raw))
		c.raw = nil
	}
	return nil
}

// read gives some bytes of a column that lies here.
func (a *asideFile) read(c *packedColumn, from, to int) ([]byte, error) {
	raw := make([]byte, to-from)
	if _, err := a.file.ReadAt(raw, c.aside+int64(from)); err != nil {
		return nil, fmt.Errorf("%s: %w", a.path, err)
	}
	return raw, nil
}

func (a *asideFile) remove() error {
	if a.file == nil {
		return nil
	}
	err := a.file.Close()
	a.file, a.size = nil, 0
	if err != nil {
		return err
	}
	return os.Remove(a.path)
}
