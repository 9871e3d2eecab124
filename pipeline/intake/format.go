package intake

import (
	"fmt"

	"exhibit/pipeline"
)

// The formats of delivered files beside CSV.
const (
	formatJSONL   = "jsonl"
	formatFixed   = "fixed"
	formatParquet = "parquet"
	formatXLSX    = "xlsx"
)

// compileFormat finds the dialect that the lines of a format have, and says what
// in a source does not go with its format.
func (l *layout) compileFormat() error {
	src := l.src
	switch src.Format {
	case "", "csv":
		l.dialect = src.Dialect
		return checkDialect(&l.dialect)
	case formatJSONL:
		l.dialect = pipeline.Dialect{Delimiter: ','} // every line that is not empty is a record
	case formatFixed:
		d := src.Dialect
		l.dialect = pipeline.Dialect{Delimiter: ',', Comment: d.Comment, Header: d.Header, SkipLines: d.SkipLines, LineTerminator: d.LineTerminator}
		if l.charset.wide() {
			return fmt.Errorf("format fixed counts the bytes of a line as delivered; encoding %s is not read that way", src.Encoding)
		}
		return checkDialect(&l.dialect)
	case formatParquet, formatXLSX:
		l.dialect = src.Dialect
		l.charset = charsetUTF8 // both say their own
		if src.Format == formatXLSX && src.Kind == pipeline.Transfers {
			return fmt.Errorf("transfers are not read from xlsx: a sheet ends after 1,048,576 rows, and its values are not what was sent; have them delivered as csv, jsonl, fixed or parquet")
		}
		if src.Format == formatXLSX && !src.Dialect.Header {
			return fmt.Errorf("format xlsx needs a header row")
		}
	default:
		return fmt.Errorf("format %q is not known; use csv, jsonl, fixed, parquet or xlsx", src.Format)
	}
	return nil
}
