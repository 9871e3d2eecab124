package pipeline

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
)

// What a table is hashed by are the bytes that json.Marshal gives: keys of
// rollups that were made before stay what they were.
func TestAppendJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "sent", "정보", "a\"b", `a\b`, "<&>", "\x00\x1f\x7f", "\xff", "\u2028", "é", "~ !"}
	text := func() string { return texts[r.IntN(len(texts))] }
	var value func(depth int) any
	value = func(depth int) any {
		n := r.IntN(4)
		switch k := r.IntN(16); {
		case k == 0:
			return nil
		case k == 1:
			return r.IntN(2) == 0
		case k == 2:
			return r.Int() - math.MaxInt/2
		case k == 3:
			return int64(r.Uint64())
		case k == 4:
			return []Day{NoDay, 0, Day(r.IntN(40000)), -5}[n]
		case k == 5 || depth == 0:
			return text()
		case k == 6:
			return [][]string{nil, {}, {text()}, {text(), text()}}[n]
		case k == 7:
			return []map[string]string{nil, {}, {text(): text()}, {text(): text(), text(): text()}}[n]
		case k == 8:
			return [][][]any{nil, {}, {nil, {}}, {{value(0), value(0)}, {value(0)}}}[n]
		case k < 11:
			return []map[string]any{nil, {}, {text(): value(depth - 1)}, {text(): value(depth - 1), text(): value(depth - 1)}}[n]
		case k < 14:
			return [][]any{nil, {}, {value(depth - 1)}, {value(depth - 1), value(depth - 1)}}[n]
		}
		return []any{&KeyRange{text(), 1, 2}, TableDef{Name: text()}, 1.5, uint8(7)}[n]
	}
	for range 20_000 {
		v := value(3)
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := appendJSON([]byte("x"), v)
		if err != nil || string(got) != "x"+string(want) {
			t.Fatalf("%#v: %s, not %s (%v)", v, got[1:], want, err)
		}
	}
}
