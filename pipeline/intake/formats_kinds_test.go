package intake

import (
	"context"
	"encoding/json"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// Consents and contracts in the formats of small tables: kind and basis through
// values, days of both ends, and no account in a contract.
func TestSmallTablesInEveryFormat(t *testing.T) {
	consents := source(field("id", "string", pipeline.RoleAccount), field("k", "string", pipeline.RoleConsent, func(f *pipeline.Field) {
		f.Values = map[string]string{"SHARE": "third_party", "ABROAD": "overseas"}
	}), field("to", "string", pipeline.RoleRecipient), field("why", "string", pipeline.RolePurpose), field("given", "date", pipeline.RoleFrom), field("until", "date", pipeline.RoleUntil))
	consents.Kind, consents.Date = pipeline.Consents, pipeline.DateRule{Fixed: pipeline.NoDay}
	contracts := source(field("k", "string", pipeline.RoleBasis, func(f *pipeline.Field) { f.Values = map[string]string{"CONSIGN": "outsourcing"} }),
		field("to", "string", pipeline.RoleRecipient), field("what", "string", pipeline.RoleField), field("given", "date", pipeline.RoleFrom), field("until", "date", pipeline.RoleUntil))
	contracts.Kind, contracts.Date = pipeline.Contracts, pipeline.DateRule{Fixed: pipeline.NoDay}
	for _, c := range []struct {
		src  *pipeline.Source
		rows [][]any
		want [][]any
	}{
		{consents, [][]any{{"a", "SHARE", "alipay", "score", "2018-04-01", "2019-01-01"}, {"b", "ABROAD", nil, nil, "2018-04-02", nil}, {"c", "OTHER", nil, nil, nil, nil}},
			[][]any{{int64(-1), "third_party", "alipay", "score", int64(17622), int64(17897)}, {int64(-2), "overseas", nil, nil, int64(17623), nil}}},
		{contracts, [][]any{{"CONSIGN", "alipay", "*", "2018-04-01", "2019-01-01"}, {"CONSIGN", nil, nil, nil, nil}, {"consign", nil, nil, nil, nil}},
			[][]any{{"outsourcing", "alipay", nil, "*", int64(17622), int64(17897)}, {"outsourcing", nil, nil, nil, nil, nil}}},
	} {
		for format, write := range map[string]func(*pipeline.Source, [][]any) []byte{"csv": tableCSV, formatJSONL: tableJSONL(t), formatParquet: tableParquet(t), formatXLSX: tableXLSX(t)} {
			c.src.Format = format
			data := write(c.src, c.rows)
			r := New(Options{Open: func(string) (io.ReadCloser, error) { return seekable(data), nil }})
			st, err := r.Read(context.Background(), c.src, "a", t.TempDir(), nil)
			if err != nil || st.Status != pipeline.Loaded || st.Rejected != 1 || st.Reasons["not_in_enum"] != 1 || st.Days != nil {
				t.Errorf("%s, %s: %v %+v", c.src.Kind, format, err, st)
				continue
			}
			if diff := cmp.Diff(c.want, stagedRows(t, c.src, st)); diff != "" {
				t.Errorf("%s, %s: %s", c.src.Kind, format, diff)
			}
			if accounts := int32(len(c.want)); (c.src.Kind == pipeline.Contracts) != (st.New == 0) || st.New > accounts {
				t.Errorf("%s, %s: %d accounts", c.src.Kind, format, st.New)
			}
		}
	}
}

func tableCSV(src *pipeline.Source, rows [][]any) []byte {
	out := ""
	for i := range src.Schema.Fields {
		out += map[bool]string{true: ","}[i > 0] + src.Schema.Fields[i].Name
	}
	for _, r := range rows {
		for i, v := range r {
			out += map[bool]string{true: ",", false: "\n"}[i > 0] + asText(v)
		}
	}
	return []byte(out)
}

func tableObjects(t testing.TB, src *pipeline.Source, rows [][]any) (out [][]byte) {
	for _, r := range rows {
		m := map[string]any{}
		for i, v := range r {
			m[src.Schema.Fields[i].Name] = v
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func tableJSONL(t testing.TB) func(*pipeline.Source, [][]any) []byte {
	return func(src *pipeline.Source, rows [][]any) (out []byte) {
		for _, b := range tableObjects(t, src, rows) {
			out = append(append(out, b...), '\n')
		}
		return out
	}
}

func tableParquet(t testing.TB) func(*pipeline.Source, [][]any) []byte {
	return func(src *pipeline.Source, rows [][]any) []byte {
		var columns []arrow.Field
		for _, f := range src.Schema.Fields {
			kind := arrow.DataType(arrow.BinaryTypes.String)
			if f.Type == "date" {
				kind = arrow.FixedWidthTypes.Date32
			}
			columns = append(columns, column1(f.Name, kind))
		}
		text := "["
		for i, b := range tableObjects(t, src, rows) {
			text += map[bool]string{true: ","}[i > 0] + string(b)
		}
		return parquetFile(t, columns, 10, text+"]")
	}
}

func tableXLSX(t testing.TB) func(*pipeline.Source, [][]any) []byte {
	return func(src *pipeline.Source, rows [][]any) []byte {
		var head []any
		for _, f := range src.Schema.Fields {
			head = append(head, f.Name)
		}
		return workbook(t, append([][]any{head}, rows...))
	}
}
