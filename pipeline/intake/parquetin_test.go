package intake

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// parquetFile writes rows, given as JSON, with another library's types.
func parquetFile(t testing.TB, columns []arrow.Field, group int64, rows string, props ...parquet.WriterProperty) []byte {
	t.Helper()
	s := arrow.NewSchema(columns, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, s, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	table := array.NewTableFromRecords(s, []arrow.RecordBatch{rec})
	defer table.Release()
	var b bytes.Buffer
	props = append([]parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd)}, props...)
	if err := pqarrow.WriteTable(table, &b, group, parquet.NewWriterProperties(props...), pqarrow.DefaultWriterProps()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func column1(name string, kind arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: kind, Nullable: true}
}

// readParquetBytes reads bytes as a delivered Parquet file.
func readParquetBytes(t testing.TB, src *pipeline.Source, text []byte) result {
	t.Helper()
	dir := t.TempDir()
	r := New(Options{Open: func(string) (io.ReadCloser, error) { return seekable(text), nil }})
	st, err := r.Read(context.Background(), src, "a.parquet", dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if st.Status == pipeline.Refused {
		mustBeEmpty(t, dir)
	}
	res := result{Staged: st, rows: stagedRows(t, src, st), rejects: parquetRows(t, st.Rejects), accounts: parquetRows(t, st.NewAccounts)}
	for _, c := range pipeline.StagedColumns(src) {
		res.names = append(res.names, c.Name)
	}
	return res
}

func parquetOf(f pipeline.Field) *pipeline.Source {
	src := source(field("id", "string", pipeline.RoleAccount), f)
	src.Format = formatParquet
	return src
}

// What each Parquet type is to each type of field, and that nothing else is
// converted.
func TestParquetTypes(t *testing.T) {
	attribute := func(kind string, change ...func(*pipeline.Field)) pipeline.Field {
		return field("x", kind, pipeline.RoleAttribute, change...)
	}
	scale := func(n int) func(*pipeline.Field) { return func(f *pipeline.Field) { f.Scale = n } }
	form := func(format string) func(*pipeline.Field) { return func(f *pipeline.Field) { f.Format = format } }
	utc := &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	for _, c := range []struct {
		field pipeline.Field
		kind  arrow.DataType
		value string
		want  any // a text: the reason; staged otherwise
	}{
		{attribute("integer"), arrow.PrimitiveTypes.Int32, "-7", int64(-7)},
		{attribute("integer"), arrow.PrimitiveTypes.Int8, "-7", int64(-7)},
		{attribute("integer"), arrow.PrimitiveTypes.Uint32, "4294967295", int64(4294967295)},
		{attribute("integer"), arrow.PrimitiveTypes.Uint64, "9223372036854775807", int64(9223372036854775807)},
		{attribute("integer"), arrow.PrimitiveTypes.Uint64, "9223372036854775808", "out_of_range x"},
		{attribute("integer"), &arrow.Decimal128Type{Precision: 30, Scale: 0}, `"12345"`, int64(12345)},
		{attribute("integer"), &arrow.Decimal128Type{Precision: 9, Scale: 1}, `"1.0"`, "unlike the layout"},
		{attribute("integer"), arrow.PrimitiveTypes.Float64, "1", "unlike the layout"},
		{attribute("integer"), arrow.BinaryTypes.String, `"1"`, "unlike the layout"},
		{attribute("integer", func(f *pipeline.Field) { f.Group = "," }), arrow.BinaryTypes.String, `"1,000"`, int64(1000)},
		{attribute("integer"), arrow.FixedWidthTypes.Boolean, "true", "unlike the layout"},
		{attribute("integer"), arrow.FixedWidthTypes.Date32, `"2018-04-01"`, "unlike the layout"},
		{attribute("number", scale(2)), arrow.PrimitiveTypes.Float64, "1.25", int64(125)},
		{attribute("number", scale(2)), arrow.PrimitiveTypes.Float64, "0.1", int64(10)},
		{attribute("number", scale(2)), arrow.PrimitiveTypes.Float64, "0.125", "scale x"},
		{attribute("number", scale(2)), arrow.PrimitiveTypes.Float32, "0.1", int64(10)},
		{attribute("number", scale(2)), arrow.PrimitiveTypes.Int64, "-3", int64(-300)},
		{attribute("number", scale(2), func(f *pipeline.Field) { f.Decimal = "," }), &arrow.Decimal128Type{Precision: 20, Scale: 4}, `"-1.5"`, int64(-150)},
		{attribute("number", scale(3)), &arrow.Decimal256Type{Precision: 50, Scale: 4}, `"-0.0310"`, int64(-31)},
		{attribute("number", scale(2)), &arrow.Decimal128Type{Precision: 9, Scale: 3}, `"1.255"`, "scale x"},
		{attribute("number", scale(2)), arrow.BinaryTypes.String, `"1"`, "unlike the layout"},
		{attribute("boolean"), arrow.FixedWidthTypes.Boolean, "true", true},
		{attribute("boolean", func(f *pipeline.Field) { f.True, f.False = []string{"Y"}, []string{"N"} }), arrow.FixedWidthTypes.Boolean, "false", false},
		{attribute("boolean"), arrow.PrimitiveTypes.Int32, "1", "unlike the layout"},
		{attribute("boolean"), arrow.BinaryTypes.String, `"true"`, "unlike the layout"},
		{attribute("date"), arrow.FixedWidthTypes.Date32, `"2018-04-01"`, int64(17622)},
		{attribute("date", form("%d.%m.%y")), arrow.FixedWidthTypes.Date32, `"2018-04-01"`, int64(17622)},
		{attribute("date", form("%d.%m.%y")), arrow.FixedWidthTypes.Date32, `"1868-04-01"`, "not_convertible x"},
		{attribute("date", form("%Y%m%d")), arrow.BinaryTypes.String, `"20180401"`, int64(17622)},
		{attribute("date", form("%Y%m%d")), arrow.BinaryTypes.String, `"2018-04-01"`, "not_a_date x"},
		{attribute("date"), utc, `"2018-04-01T00:00:00Z"`, "unlike the layout"},
		{attribute("date"), arrow.PrimitiveTypes.Int32, "17622", "unlike the layout"},
		{attribute("datetime"), utc, `"2018-04-01T01:02:03.000004Z"`, int64(17622)*microsPerDay + 3723_000_004},
		{attribute("datetime"), &arrow.TimestampType{Unit: arrow.Nanosecond}, `"2018-04-01 01:02:03.000004"`, int64(17622)*microsPerDay + 3723_000_004},
		{attribute("datetime"), &arrow.TimestampType{Unit: arrow.Nanosecond}, `"2018-04-01 01:02:03.0000041"`, "not_convertible x"},
		{attribute("datetime"), &arrow.TimestampType{Unit: arrow.Millisecond}, `"1969-12-31 23:59:59.999"`, int64(-1000)},
		{attribute("datetime", form("%Y-%m-%d %H:%M")), utc, `"2018-04-01T01:02:03Z"`, "not_convertible x"},
		{attribute("datetime", form("%Y-%m-%d %I:%M %p")), utc, `"2018-04-01T13:02:00Z"`, int64(17622)*microsPerDay + 46920_000_000},
		{attribute("datetime"), arrow.FixedWidthTypes.Date32, `"2018-04-01"`, "unlike the layout"},
		{attribute("time"), arrow.FixedWidthTypes.Time64us, `"01:02:03"`, "01:02:03"},
		{attribute("time"), arrow.FixedWidthTypes.Time32ms, `"01:02:03.5"`, "not_convertible x"},
		{attribute("year"), arrow.PrimitiveTypes.Int16, "2018", int64(2018)},
		{attribute("year"), arrow.PrimitiveTypes.Int16, "-2018", "not_a_year x"},
		{attribute("string"), arrow.BinaryTypes.String, `"가"`, "가"},
		{attribute("string"), arrow.BinaryTypes.Binary, `"ZWFzeQ=="`, "unlike the layout"},
		{attribute("string"), arrow.PrimitiveTypes.Int64, "5", "unlike the layout"},
		{attribute("string"), arrow.BinaryTypes.String, `"a\u0000b"`, "nul_byte x"},
		{attribute("string", func(f *pipeline.Field) { f.Values = map[string]string{"Y": "yes"} }), arrow.BinaryTypes.String, `"Y"`, "yes"},
		{attribute("string"), arrow.ListOf(arrow.BinaryTypes.String), `["a"]`, "nested"},
		{attribute("yearmonth"), arrow.BinaryTypes.String, `"2018-04"`, "2018-04"},
		{attribute("object"), arrow.BinaryTypes.String, `"{}"`, "{}"},
	} {
		name := fmt.Sprintf("%s of %s: %s", c.field.Type, c.kind, c.value)
		data := parquetFile(t, []arrow.Field{column1("id", arrow.BinaryTypes.String), column1("x", c.kind)}, 100,
			`[{"id":"a","x":`+c.value+`},{"id":"b","x":null}]`)
		res := readParquetBytes(t, parquetOf(c.field), data)
		if res.Status == pipeline.Refused {
			if words, ok := c.want.(string); !ok || !strings.Contains(res.Reason, words) {
				t.Errorf("%s: refused: %s", name, res.Reason)
			}
			continue
		}
		got := columnOf(res, "x")
		if len(res.rejects) > 0 {
			if diff := cmp.Diff([]string{fmt.Sprint("1 ", c.want)}, reasonsOf(res)); diff != "" || len(got) != 1 || got[0] != nil {
				t.Errorf("%s: %v %s", name, got, diff)
			}
			continue
		}
		if diff := cmp.Diff([]any{c.want, nil}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Row groups, pages, dictionaries and encodings do not matter, nor do columns in
// another order; a row is rejected by its number.
func TestParquetRows(t *testing.T) {
	src := plain()
	src.Format = formatParquet
	var rows strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&rows, `,{"mail":%s,"id":"k%d","note":"%s"}`, map[bool]string{true: "null", false: `"m"`}[i%7 == 0], i%50, strings.Repeat("n", i%300))
	}
	text := "[" + rows.String()[1:] + `,{"mail":"m","id":"x\u0000","note":"n"}]`
	columns := []arrow.Field{column1("mail", arrow.BinaryTypes.String), {Name: "id", Type: arrow.BinaryTypes.String}, column1("note", arrow.BinaryTypes.String)}
	var first result
	for i, props := range [][]parquet.WriterProperty{{}, {parquet.WithDictionaryDefault(false), parquet.WithDataPageSize(1000)},
		{parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Snappy), parquet.WithDataPageSize(512)},
		{parquet.WithDictionaryDefault(false), parquet.WithEncoding(parquet.Encodings.DeltaByteArray), parquet.WithCompression(compress.Codecs.Gzip)}} {
		res := readParquetBytes(t, src, parquetFile(t, columns, int64(701+i*1000), text, props...))
		mustLoad(t, res)
		if diff := cmp.Diff([]string{"3001 nul_byte id"}, reasonsOf(res)); diff != "" || res.Accepted != 3000 || res.Lines != 3001 {
			t.Fatal(i, res.Accepted, res.Lines, diff)
		}
		if i == 0 {
			first = res
		} else if diff := cmp.Diff(first.rows, res.rows); diff != "" {
			t.Fatal(i, "rows differ")
		}
	}
	if first.Fields[2].Records != 3000-429 || first.Fields[1].Records != 2990 {
		t.Errorf("%+v", first.Fields)
	}
}

func TestParquetColumns(t *testing.T) {
	s := arrow.BinaryTypes.String
	src := plain()
	src.Format = formatParquet
	mustRefuse(t, readParquetBytes(t, src, parquetFile(t, []arrow.Field{column1("id", s), column1("note", s)}, 9, "[]")), "missing: mail")
	more := []arrow.Field{column1("id", s), column1("note", s), column1("extra", arrow.PrimitiveTypes.Float64), column1("mail", s), column1("text", s)}
	data := parquetFile(t, more, 9, `[{"id":"a","extra":1.5,"text":""},{"id":"b","note":"n"},{"id":"c","extra":0,"text":"x"}]`)
	mustRefuse(t, readParquetBytes(t, src, data), "not in the layout: position 3")
	src.NewFields = newFieldsRecorded
	res := readParquetBytes(t, src, data)
	mustLoad(t, res)
	if diff := cmp.Diff([]pipeline.FieldCount{{Field: "extra", Records: 2, First: 17622, Last: 17622}, {Field: "text", Records: 1, First: 17622, Last: 17622}}, res.NewFields); diff != "" {
		t.Error(diff)
	}
	res = readParquetBytes(t, src, parquetFile(t, more, 9, "[]"))
	if mustLoad(t, res); res.Records != 0 {
		t.Error(res.Records)
	}
	mustRefuse(t, readParquetBytes(t, src, nil), "no data")
	mustRefuse(t, readParquetBytes(t, src, []byte("id,note,mail\na,b,c\n")), "no parquet")
	mustRefuse(t, readParquetBytes(t, src, data[:len(data)-1]), "cut off")
	st := readStream(t, plain(), "a.csv", strings.NewReader("id,note,mail\na,b,c\n"))
	if st.Status != pipeline.Loaded {
		t.Error("a CSV after all: ", st.Reason)
	}
}

// Hostile bytes refuse the file, or give what they can say; they never crash the
// reader, and never take memory that is not bounded.
func TestHostileParquet(t *testing.T) {
	src := plain()
	src.Format = formatParquet
	s := arrow.BinaryTypes.String
	columns := []arrow.Field{column1("id", s), column1("note", s), column1("mail", s)}
	var rows strings.Builder
	for i := range 300 {
		fmt.Fprintf(&rows, `,{"id":"k%d","note":"note %d","mail":"m%d"}`, i, i*i, i%3)
	}
	for _, props := range [][]parquet.WriterProperty{nil, {parquet.WithDictionaryDefault(false), parquet.WithEncoding(parquet.Encodings.DeltaByteArray), parquet.WithCompression(compress.Codecs.Uncompressed)}} {
		good := parquetFile(t, columns, 100, "["+rows.String()[1:]+"]", props...)
		rnd := rand.New(rand.NewPCG(1, 2))
		mustStayWithin(t, 1024, func() {
			for range 1500 {
				bad := bytes.Clone(good)
				switch rnd.IntN(3) {
				case 0:
					bad = bad[:rnd.IntN(len(bad))]
				case 1:
					for range 1 + rnd.IntN(4) {
						bad[rnd.IntN(len(bad))] ^= 1 << rnd.IntN(8)
					}
				default:
					at := rnd.IntN(len(bad) - 8)
					binary.LittleEndian.PutUint64(bad[at:], rnd.Uint64())
				}
				res := readParquetBytes(t, src, bad)
				if strings.Contains(res.Reason, "accounting") || res.Records != res.Accepted+res.Rejected {
					t.Fatal(res.Reason, res.Counts)
				}
			}
		})
	}
	huge := append([]byte("PAR1"), make([]byte, 1<<20)...)
	huge = append(binary.LittleEndian.AppendUint32(huge, 1<<31), "PAR1"...)
	mustRefuse(t, readParquetBytes(t, src, huge), "corrupt")
}

// FuzzParquet: no bytes crash the reader or break its accounts.
func FuzzParquet(f *testing.F) {
	s := arrow.BinaryTypes.String
	f.Add(parquetFile(f, []arrow.Field{column1("id", s), column1("note", s), column1("mail", s)}, 2, `[{"id":"a"},{"id":"b","note":"n"},{"id":"c","mail":"x"}]`))
	src := plain()
	src.Format = formatParquet
	f.Fuzz(func(t *testing.T, text []byte) {
		if res := readParquetBytes(t, src, text); strings.Contains(res.Reason, "accounting") {
			t.Fatal(res.Reason)
		}
	})
}

// changing gives other bytes when it is read again.
type changing struct {
	*bytes.Reader
	err error
}

func (c *changing) Close() error { return nil }

func (c *changing) ReadAt(p []byte, off int64) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Reader.ReadAt(p, off)
	if off == 0 && n > 10 {
		p[10] ^= 1
	}
	return n, err
}

// What is parsed is what was hashed: a file that changes in between is refused,
// and a disk that fails is the machine's error.
func TestParquetChangesWhileRead(t *testing.T) {
	s := arrow.BinaryTypes.String
	data := parquetFile(t, []arrow.Field{column1("id", s), column1("note", s), column1("mail", s)}, 2, `[{"id":"a"}]`)
	src := plain()
	src.Format = formatParquet
	for _, broken := range []error{nil, errDisk} {
		r := New(Options{Open: func(string) (io.ReadCloser, error) { return &changing{bytes.NewReader(data), broken}, nil }})
		st, err := r.Read(context.Background(), src, "a.parquet", t.TempDir(), nil)
		if broken != nil && !errors.Is(err, errDisk) || broken == nil && (err != nil || !strings.Contains(st.Reason, "changed while it was read")) {
			t.Errorf("%+v %v", st, err)
		}
	}
	path := t.TempDir() + "/a.parquet"
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := New(Options{}).Read(context.Background(), src, path, t.TempDir(), nil)
	if err != nil || st.Accepted != 1 || st.Bytes != int64(len(data)) {
		t.Error(st, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := New(Options{}).Read(ctx, src, path, t.TempDir(), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
