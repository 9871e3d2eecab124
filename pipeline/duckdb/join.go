package duckdb

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
)

// parquetMagic begins and ends a Parquet file.
const parquetMagic = "PAR1"

// joinParquet writes a file with the row groups of some files, which have the
// same columns, in their order. Row groups are copied as they are: only where
// they begin is written anew, in the footer, which is otherwise that of the
// first file.
func joinParquet(path string, parts []string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := bufio.NewWriterSize(f, 1<<20)
	if _, err := out.WriteString(parquetMagic); err != nil {
		return err
	}
	at := int64(len(parquetMagic))
	var all *metadata.FileMetaData
	for _, part := range parts {
		footer, n, err := appendGroups(out, part, at)
		if err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
		at += n
		if all == nil {
			all = footer
		} else if err := all.AppendRowGroups(footer); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	n, err := all.WriteTo(out, nil)
	if err != nil {
		return err
	}
	if _, err := out.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), parquetMagic...)); err != nil {
		return err
	}
	return out.Flush()
}

// appendGroups copies the row groups of a file to place at of out. It gives its
// footer, with the places that they have there, and the number of bytes.
func appendGroups(out io.Writer, path string, at int64) (_ *metadata.FileMetaData, n int64, err error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	r, err := file.NewParquetReader(in)
	if err != nil {
		return nil, 0, errors.Join(err, in.Close())
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	size, err := in.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, err
	}
	const tail = 4 + int64(len(parquetMagic)) // after the footer: its length
	var length [4]byte
	if _, err := in.ReadAt(length[:], size-tail); err != nil {
		return nil, 0, err
	}
	first := int64(len(parquetMagic))
	n = size - tail - int64(binary.LittleEndian.Uint32(length[:])) - first
	if _, err := io.Copy(out, io.NewSectionReader(in, first, n)); err != nil {
		return nil, 0, err
	}
	footer := r.MetaData()
	return footer, n, moveGroups(footer, at-first)
}

// moveGroups says in a footer that everything lies so many bytes further on.
func moveGroups(footer *metadata.FileMetaData, by int64) error {
	move := func(places ...*int64) {
		for _, p := range places {
			if p != nil && *p != 0 { // 0: not given
				*p += by
			}
		}
	}
	for _, group := range footer.RowGroups {
		move(group.FileOffset)
		for _, c := range group.Columns {
			m := c.MetaData
			if m == nil || m.BloomFilterOffset != nil {
				return errors.New("a column that this engine does not write")
			}
			move(&c.FileOffset, c.OffsetIndexOffset, c.ColumnIndexOffset, &m.DataPageOffset, m.IndexPageOffset, m.DictionaryPageOffset)
		}
	}
	return nil
}
