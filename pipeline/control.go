package pipeline

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// NoControl is the control total of a control file in which no number stands
// where the layout says that one does.
const NoControl int64 = -1

// readControl reads the field-th number of a control file's first line. Fields
// are parted by commas, semicolons, bars, tabs or blanks. Only the first 4 KiB
// are read.
func readControl(path string, field int) (n int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	line, _, _ := strings.Cut(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;| \t\r", r) })
	if field < 1 || field > len(fields) {
		return NoControl, nil
	}
	n, err = strconv.ParseInt(fields[field-1], 10, 64)
	if err != nil || n < 0 {
		return NoControl, nil
	}
	return n, nil
}
