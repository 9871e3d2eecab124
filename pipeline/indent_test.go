package pipeline

import (
	"bytes"
	"encoding/json"
	"testing"
)

// indent gives the bytes of json.Indent for all that can be marshalled.
func FuzzIndent(f *testing.F) {
	for _, text := range []string{`{}`, `[]`, `[[],{}]`, `{"a":{"b":[1,-2.5e9,null]},"c":"d"}`, `"\"\\"`, `{"a\"b\\":",:{}[]"}`, `[{"a":[]},[[0]]]`,
		`"<&>\u2028"`, `{"a":true}`, `0`, `["]","}"]`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var v any
		if json.Unmarshal(text, &v) != nil {
			return
		}
		compact, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Indent(&want, compact, "", "  "); err != nil {
			t.Fatal(err)
		}
		if got := indent(compact); !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%s\nis not\n%s", got, want.Bytes())
		}
	})
}
