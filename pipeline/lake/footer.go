package lake

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"exhibit/pipeline"

	"github.com/apache/thrift/lib/go/thrift"
)

// FooterRows reads the number of rows from a file's footer, which shares no
// code with the engine that wrote it. Every run asks it of all delivered files,
// so it reads no further than that number.
func (l *Lake) FooterRows(f pipeline.LakeFile) (int64, error) {
	n, err := footerRows(l.Path(f), f.Bytes)
	if err != nil {
		return 0, fmt.Errorf("lake/%s: %w", f.Path, err)
	}
	return n, nil
}

var errNoFooter = errors.New("no footer of a Parquet file")

// footerRows reads num_rows, field 3 of the FileMetaData: a Thrift struct in
// the compact protocol that stands at the end of the file, which has so many
// bytes, before its own length, little-endian, and "PAR1" (Apache Parquet, file
// format).
func footerRows(path string, size int64) (n int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	footer, err := readFooter(f, size)
	if err != nil {
		return 0, err
	}
	if n, err = rowsOf(footer); err != nil {
		return 0, fmt.Errorf("%w: %w", errNoFooter, err)
	}
	return n, nil
}

const (
	parquetMagic = "PAR1"
	tailBytes    = 4 << 10 // hold the footer of most files
)

func readFooter(f io.ReaderAt, size int64) ([]byte, error) {
	const end = int64(len(parquetMagic) + 4)
	tail := make([]byte, min(tailBytes, size))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return nil, err
	}
	if int64(len(tail)) < end || string(tail[len(tail)-len(parquetMagic):]) != parquetMagic {
		return nil, errNoFooter
	}
	length := int64(binary.LittleEndian.Uint32(tail[int64(len(tail))-end:]))
	if length > size-end {
		return nil, errNoFooter
	}
	if at := int64(len(tail)) - end - length; at >= 0 {
		return tail[at : at+length], nil
	}
	footer := make([]byte, length)
	_, err := f.ReadAt(footer, size-end-length)
	return footer, err
}

func rowsOf(footer []byte) (int64, error) {
	ctx := context.Background()
	buffer := thrift.NewTMemoryBufferLen(0)
	if _, err := buffer.Write(footer); err != nil {
		return 0, err
	}
	p := thrift.NewTCompactProtocolConf(buffer, nil)
	if _, err := p.ReadStructBegin(ctx); err != nil {
		return 0, err
	}
	for {
		_, typ, id, err := p.ReadFieldBegin(ctx)
		switch {
		case err != nil:
			return 0, err
		case typ == thrift.STOP:
			return 0, errors.New("no number of rows")
		case id == 3 && typ == thrift.I64:
			return p.ReadI64(ctx)
		}
		if err := errors.Join(p.Skip(ctx, typ), p.ReadFieldEnd(ctx)); err != nil {
			return 0, err
		}
	}
}
