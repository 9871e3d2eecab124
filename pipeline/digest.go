package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"runtime"
	"slices"
	"strconv"
)

// digest is a SHA-256 over the JSON of its parts, each with a line end.
func digest(parts ...any) (string, error) {
	h := sha256.New()
	if len(parts) > manyParts {
		if err := writeTogether(h, parts); err != nil {
			return "", err
		}
		return hex.EncodeToString(h.Sum(nil)), nil
	}
	var buffer [512]byte
	for _, p := range parts {
		data, err := appendJSON(buffer[:0], p)
		if err != nil {
			return "", err
		}
		h.Write(append(data, '\n'))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// manyParts are so many that they are written several at a time.
const manyParts = 256

// writeTogether writes the JSON of parts, each with a line end, in their order.
func writeTogether(w io.Writer, parts []any) error {
	runs := slices.Collect(slices.Chunk(parts, manyParts))
	return ordered(context.Background(), len(runs), runtime.GOMAXPROCS(0), runtime.GOMAXPROCS(0), func(_ context.Context, i int) (data []byte, err error) {
		for _, p := range runs[i] {
			if data, err = appendJSON(data, p); err != nil {
				return nil, err
			}
			data = append(data, '\n')
		}
		return data, nil
	}, func(_ int, data []byte) error {
		_, err := w.Write(data)
		return err
	})
}

// appendJSON appends the bytes that json.Marshal gives. What tables are hashed
// by, some ten thousand times in a run, it writes without reflection.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case Day:
		return append(append(append(b, '"'), v.String()...), '"'), nil
	case string:
		if plainText(v) {
			return append(append(append(b, '"'), v...), '"'), nil
		}
	case []string:
		return appendList(b, v)
	case []any:
		return appendList(b, v)
	case [][]any:
		return appendList(b, v)
	case map[string]any:
		return appendMap(b, v)
	case map[string]string:
		return appendMap(b, v)
	}
	data, err := json.Marshal(v)
	return append(b, data...), err
}

// plainText says whether a text stands in JSON as it is.
func plainText(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

func appendList[T any](b []byte, list []T) (_ []byte, err error) {
	if list == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, v); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendMap[T any](b []byte, m map[string]T) (_ []byte, err error) {
	if m == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '{')
	for i, k := range sortedKeys(m) {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, k); err != nil {
			return nil, err
		}
		if b, err = appendJSON(append(b, ':'), m[k]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
