package catalog

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"exhibit/pipeline"
)

// keys are the header lines that each kind may have, beside its own name.
var keys = map[pipeline.QueryKind][]string{
	pipeline.RollupQuery:  {"title", "title.ko", "needs", "grain", "scope", "range"},
	pipeline.CheckQuery:   {"title", "title.ko", "needs", "severity", "rule"},
	pipeline.FigureQuery:  {"title", "title.ko", "unit", "needs", "rule", "reading"},
	pipeline.TableQuery:   {"title", "title.ko", "unit", "needs", "rule", "reading"},
	pipeline.FindingQuery: {"title", "title.ko", "needs", "rule", "reading", "range"},
}

// Parse reads one SQL file. file is its path below the folder of queries, for
// example figure/affected_persons.sql: folder and name must agree with the
// header's first line. An error begins with file and line.
func Parse(file, text string) (pipeline.Query, error) {
	kind := pipeline.QueryKind(path.Dir(file))
	name := strings.TrimSuffix(path.Base(file), ".sql")
	q := pipeline.Query{Kind: kind, Name: name, SQL: text, SHA256: digest(text), Path: file}
	at := func(line int, format string, args ...any) (pipeline.Query, error) {
		return pipeline.Query{}, fmt.Errorf("%s:%d: %s", file, line+1, fmt.Sprintf(format, args...))
	}
	if !slices.Contains(kinds, kind) {
		return at(0, "no kind of query; folders are %s", listOf(kinds))
	}
	if !isName(name) {
		return at(0, "file name is no name; names are lower-case letters, digits and _, beginning with a letter")
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return at(0, "is not UTF-8 text")
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	seen := map[string]bool{}
	i := 0
	for ; i < len(lines) && strings.TrimRight(lines[i], " \t") != "--"; i++ {
		key, value, ok := headerLine(lines[i])
		switch {
		case i == 0 && (!ok || key != string(kind)):
			return at(0, "does not begin with \"-- %s: %s\"", kind, name)
		case !ok:
			return at(i, "neither \"-- key: value\" nor the bare \"--\" that ends the header")
		case i > 0 && !slices.Contains(keys[kind], key):
			return at(i, "unknown key %q; keys of a %s are %s", key, kind, strings.Join(keys[kind], ", "))
		case seen[key]:
			return at(i, "%s is given twice", key)
		case value == "":
			return at(i, "%s has no value", key)
		}
		seen[key] = true
		if err := set(&q, key, value); err != nil {
			return at(i, "%v", err)
		}
	}
	if i == len(lines) {
		return at(len(lines)-1, "no bare \"--\" ends the header")
	}
	end := 0
	q.Definition, end = prose(lines, i+1)
	if strings.TrimSpace(strings.Join(lines[end:], "")) == "" {
		return at(len(lines)-1, "there is no SQL after the header")
	}
	return q, nil
}

// headerLine reads "-- key: value".
func headerLine(line string) (key, value string, ok bool) {
	rest, ok := strings.CutPrefix(line, "--")
	if !ok {
		return "", "", false
	}
	key, value, ok = strings.Cut(rest, ":")
	key = strings.TrimSpace(key)
	if !ok || key == "" || strings.ContainsAny(key, " \t") {
		return "", "", false
	}
	return key, strings.TrimSpace(value), true
}

// prose joins the comment lines from line i on; a bare "--" parts paragraphs.
// It returns the index of the first line after them.
func prose(lines []string, i int) (string, int) {
	var paragraphs []string
	var words []string
	flush := func() {
		if len(words) > 0 {
			paragraphs = append(paragraphs, strings.Join(words, " "))
		}
		words = nil
	}
	for ; i < len(lines); i++ {
		rest, ok := strings.CutPrefix(lines[i], "--")
		if !ok {
			break
		}
		if rest = strings.TrimSpace(rest); rest == "" {
			flush()
		} else {
			words = append(words, rest)
		}
	}
	flush()
	return strings.Join(paragraphs, "\n\n"), i
}

// set stores one header line.
func set(q *pipeline.Query, key, value string) error {
	var err error
	switch key {
	case string(q.Kind):
		if value != q.Name {
			return fmt.Errorf("the %s is called %q here and %q in the file's name", q.Kind, value, q.Name)
		}
	case "title":
		q.Title.En = value
	case "title.ko":
		q.Title.Ko = value
	case "unit":
		q.Unit = value
	case "needs":
		q.Needs, err = names(value)
	case "grain":
		q.Grain = value
	case "scope":
		if value != "month" {
			return fmt.Errorf("scope %q is not known; the only scope is month", value)
		}
		q.Scope = value
	case "range":
		q.Range = value
	case "severity":
		q.Severity = pipeline.Severity(value)
		severities := []pipeline.Severity{pipeline.Stop, pipeline.Incomplete, pipeline.Note}
		if !slices.Contains(severities, q.Severity) {
			return fmt.Errorf("severity %q is not known; severities are %s", value, listOf(severities))
		}
	case "rule":
		q.Rule = value
	case "reading":
		q.Readings, err = names(value)
	}
	return err
}

// names reads a list parted by commas.
func names(value string) ([]string, error) {
	var list []string
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, fmt.Errorf("the list has an empty entry; names are parted by one comma")
		}
		if slices.Contains(list, part) {
			return nil, fmt.Errorf("%s is listed twice", part)
		}
		list = append(list, part)
	}
	return list, nil
}

func isName(s string) bool {
	for i, c := range s {
		if (c < 'a' || c > 'z') && (i == 0 || (c != '_' && (c < '0' || c > '9'))) {
			return false
		}
	}
	return s != ""
}
