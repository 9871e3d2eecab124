package duckdb

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"exhibit/pipeline"
)

// hiveParts gives the "name=value" folders of a path.
func hiveParts(path string) [][2]string {
	var parts [][2]string
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	for _, p := range strings.Split(filepath.Dir(abs), "/") {
		if name, value, ok := strings.Cut(p, "="); ok {
			parts = append(parts, [2]string{name, value})
		}
	}
	return parts
}

// hiveSafe says whether the engine reads a value from a path as it stands:
// it decodes %XX and takes one word for NULL.
func hiveSafe(value string) bool {
	return value != "" && !strings.ContainsAny(value, "%+=") && value != "__HIVE_DEFAULT_PARTITION__" && !strings.EqualFold(value, "null")
}

// plain is a value as it stands in a path.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case pipeline.Day:
		return v.String()
	}
	return ""
}

// literal writes a value of MountedFile.Values as SQL of the given type.
func literal(v any, typ string) (string, error) {
	var text string
	switch v := v.(type) {
	case nil:
		return "CAST(NULL AS " + typ + ")", nil
	case string:
		if typ != "VARCHAR" || strings.ContainsRune(v, 0) {
			return "", fmt.Errorf("a text is no %s", typ)
		}
		text = v
	case int64:
		if typ != "BIGINT" && typ != "INTEGER" {
			return "", fmt.Errorf("a number is no %s", typ)
		}
		text = strconv.FormatInt(v, 10)
	case bool:
		if typ != "BOOLEAN" {
			return "", fmt.Errorf("a truth value is no %s", typ)
		}
		text = strconv.FormatBool(v)
	case pipeline.Day:
		if typ != "DATE" || v == pipeline.NoDay {
			return "", fmt.Errorf("a day is no %s, or none", typ)
		}
		text = v.String()
	default:
		return "", fmt.Errorf("a %T is no value of a path", v)
	}
	return "CAST(" + quote(text) + " AS " + typ + ")", nil
}

// constantView gives the path columns of files as constants.
func constantView(t pipeline.Mounted, keys []pipeline.Column, paths []string) (string, error) {
	type set struct {
		from  map[string]string
		paths []string
	}
	var sets []*set
	bySQL := map[string]*set{}
	for i, f := range t.Files {
		from, id := map[string]string{}, ""
		for _, k := range keys {
			text, err := literal(f.Values[k.Name], k.Type)
			if err != nil {
				return "", err
			}
			from[k.Name] = text
			id += text + ","
		}
		s := bySQL[id]
		if s == nil {
			s = &set{from: from}
			bySQL[id] = s
			sets = append(sets, s)
		}
		s.paths = append(s.paths, paths[i])
	}
	var b strings.Builder
	for i, s := range sets {
		if i > 0 {
			b.WriteString("\nUNION ALL ")
		}
		fmt.Fprintf(&b, "SELECT %s FROM read_parquet([%s], hive_partitioning = false)", selectList(t, s.from), strings.Join(s.paths, ", "))
	}
	return b.String(), nil
}
