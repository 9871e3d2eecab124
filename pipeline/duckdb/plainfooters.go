package duckdb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"exhibit/pipeline"
)

// plainFooters says whether the footer of every file, read without the engine,
// has each declared column that does not stand in the path, in the form in which
// the lake's writers leave its type, and none of those in the path; and how many
// rows there are. Where it says false the engine is asked, and words what is wrong.
func plainFooters(ctx context.Context, t pipeline.Mounted, inPath map[string]bool) (rows int64, ok bool) {
	var next, sum atomic.Int64
	var other atomic.Bool
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(t.Files)) {
		wg.Go(func() {
			for !other.Load() && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(t.Files) {
					return
				}
				n, ok, err := plainFooter(t.Files[i].Path, t.Def.Columns, inPath)
				if err != nil || !ok {
					other.Store(true)
				}
				sum.Add(n)
			}
		})
	}
	wg.Wait()
	return sum.Load(), !other.Load() && ctx.Err() == nil
}

func plainFooter(path string, columns []pipeline.Column, inPath map[string]bool) (rows int64, ok bool, err error) {
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		return 0, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	have := map[string]*schema.Column{}
	s := f.MetaData().Schema
	for i := range s.NumColumns() {
		col := s.Column(i)
		if len(col.ColumnPath()) != 1 || col.MaxRepetitionLevel() > 0 || have[col.Name()] != nil {
			return 0, false, nil
		}
		have[col.Name()] = col
	}
	for _, c := range columns {
		if col := have[c.Name]; inPath[c.Name] != (col == nil) || col != nil && !hasType(col, c.Type) {
			return 0, false, nil
		}
	}
	return f.NumRows(), true, nil
}

// hasType says whether a column of a file is what the engine reads as a type
// of the lake.
func hasType(col *schema.Column, typ string) bool {
	logical := col.LogicalType()
	none := logical.Equals(schema.NoLogicalType{}) && col.ConvertedType() == schema.ConvertedTypes.None
	switch physical := col.PhysicalType(); typ {
	case "INTEGER":
		return physical == parquet.Types.Int32 && (none || logical.Equals(schema.NewIntLogicalType(32, true)))
	case "BIGINT":
		return physical == parquet.Types.Int64 && (none || logical.Equals(schema.NewIntLogicalType(64, true)))
	case "BOOLEAN":
		return physical == parquet.Types.Boolean && none
	case "VARCHAR":
		return physical == parquet.Types.ByteArray && logical.Equals(schema.StringLogicalType{})
	case "DATE":
		return physical == parquet.Types.Int32 && logical.Equals(schema.DateLogicalType{})
	case "TIMESTAMP":
		return physical == parquet.Types.Int64 && logical.Equals(schema.NewTimestampLogicalType(false, schema.TimeUnitMicros))
	}
	d, ok := logical.(schema.DecimalLogicalType)
	return ok && typ == fmt.Sprintf("DECIMAL(%d,%d)", d.Precision(), d.Scale())
}
