package casefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"exhibit/pipeline"
)

// maxDepth is twice what the format needs.
const maxDepth = 20

// reader collects the mistakes of one case.yaml.
type reader struct {
	path string
	errs Errors
}

func (r *reader) err() error {
	if len(r.errs) == 0 {
		return nil
	}
	return r.errs.sorted()
}

func (r *reader) fail(n *yaml.Node, hint, format string, args ...any) {
	r.failAt(n.Line, n.Column, hint, format, args...)
}

func (r *reader) failAt(line, column int, hint, format string, args ...any) {
	r.errs = append(r.errs, &Error{Path: r.path, Line: line, Column: column, Problem: fmt.Sprintf(format, args...), Hint: hint})
}

// yamlLine finds the place in the parser's message, which has no type of its own.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// document parses the bytes into the mapping at the root, or reports why there
// is none.
func (r *reader) document(data []byte) *yaml.Node {
	if len(data) > MaxBytes {
		r.failAt(1, 1, "a case describes data, it does not hold any", "larger than %d bytes", MaxBytes)
		return nil
	}
	if line, ok := badByte(data); ok {
		r.failAt(line, 0, "save the file as UTF-8 text", "a byte that is no UTF-8 text")
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		r.failAt(1, 1, "exhibit init writes a case.yaml to begin with", "empty")
		return nil
	} else if err != nil {
		r.syntax(err, data)
		return nil
	}
	if err := dec.Decode(&more); err == nil {
		r.fail(&more, "remove what follows the line ---", "a second document is not read")
		return nil
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err, data)
		return nil
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.failAt(1, 1, "", "no mapping")
		return nil
	}
	r.plain(doc.Content[0], 0)
	if len(r.errs) > 0 {
		return nil
	}
	return doc.Content[0]
}

func (r *reader) syntax(err error, data []byte) {
	msg := err.Error()
	m := yamlLine.FindStringSubmatch(msg)
	line, hint := 1, ""
	if len(m) == 2 && m[1] != "" {
		// The pattern holds digits only; what does not fit an int is no line.
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	msg = yamlLine.ReplaceAllString(msg, "")
	switch {
	case strings.Contains(msg, "tab character"):
		hint = "indent with blanks"
		line = tabLine(data, line)
	case slices.Contains(parserProblems, msg):
		hint = "a bracket is not closed, or a line is indented unlike the others"
		// The parser counts these lines from 0, and leaves 0 out.
		if len(m) == 2 && m[1] != "" {
			line++
		}
	}
	// The end of the file counts as a line of its own.
	r.failAt(min(line, lastLine(data)), 0, hint, "%s", msg)
}

// parserProblems are the messages of the YAML parser whose line it counts from 0.
var parserProblems = []string{"did not find expected <document start>", "did not find expected key", "did not find expected '-' indicator",
	"did not find expected ',' or ']'", "did not find expected ',' or '}'", "did not find expected node content"}

func lastLine(data []byte) int {
	data = bytes.TrimRight(data, "\r\n")
	return 1 + bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) - bytes.Count(data, []byte("\r\n"))
}

// tabLine gives the first line from the given one on that is indented with a tab.
func tabLine(data []byte, from int) int {
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if line >= from && bytes.HasPrefix(bytes.TrimLeft(text, " "), []byte("\t")) {
			return line
		}
	}
	return from
}

// badByte gives the line of the first byte that cannot stand in the file.
func badByte(data []byte) (line int, found bool) {
	line = 1
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && n == 1 || c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return line, true
		}
		// The YAML parser counts a lone CR as a line too.
		if c == '\n' || c == '\r' && (i+1 == len(data) || data[i+1] != '\n') {
			line++
		}
		i += n
	}
	return 0, false
}

// plain refuses what makes a YAML file mean something else than it shows.
func (r *reader) plain(n *yaml.Node, depth int) {
	switch {
	case depth > maxDepth:
		r.fail(n, "", "nested deeper than %d levels", maxDepth)
		return
	case n.Kind == yaml.AliasNode:
		r.fail(n, "write the value out", "aliases (*) are not read")
		return
	case n.Anchor != "":
		r.fail(n, "write the value out where it is used", "anchors (&) are not read")
		return
	case n.ShortTag() == "!!merge":
		r.fail(n, "write the keys out", "merge keys (<<) are not read")
		return
	case n.Style&yaml.TaggedStyle != 0:
		r.fail(n, "quote the text instead", "tags (!) are not read")
		return
	}
	for _, c := range n.Content {
		r.plain(c, depth+1)
	}
}

// section is one mapping whose keys are known.
type section struct {
	r    *reader
	what string // for errors: `source "x"`
	node *yaml.Node
	vals map[string]*yaml.Node // nil where the value is missing, which was reported
	keys map[string]*yaml.Node

	meant map[string]bool // keys that are misspelt, and not missing besides
}

// section opens a mapping and reports keys that are unknown, duplicate or empty.
// It is nil where n is no mapping.
func (r *reader) section(n *yaml.Node, what string, known []string) *section {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "keys: "+strings.Join(known, ", "), "%s is no mapping", what)
		return nil
	}
	s := &section{r: r, what: what, node: n, vals: map[string]*yaml.Node{}, keys: map[string]*yaml.Node{}, meant: map[string]bool{}}
	for k, v := range pairs(n) {
		if k.Kind != yaml.ScalarNode {
			r.fail(k, "", "a key of %s is no text", what)
			continue
		}
		if _, dup := s.keys[k.Value]; dup {
			r.fail(k, fmt.Sprintf("it is on line %d already", s.keys[k.Value].Line), "duplicate key %s in %s", quote(k.Value), what)
			continue
		}
		s.keys[k.Value] = k
		switch {
		case !slices.Contains(known, k.Value):
			r.fail(k, suggest(k.Value, known), "unknown key %s in %s", quote(k.Value), what)
			s.meant[nearest(k.Value, known)] = true
		case isNull(v):
			r.fail(v, "give a value, or remove the key", "%s of %s has no value", k.Value, what)
			s.vals[k.Value] = nil
		default:
			s.vals[k.Value] = v
		}
	}
	return s
}

// at is the node of a key, nil where it is absent or was reported.
func (s *section) at(key string) *yaml.Node { return s.vals[key] }

func (s *section) has(key string) bool { _, ok := s.vals[key]; return ok }

// absent says that a key is neither there nor misspelt.
func (s *section) absent(key string) bool { return !s.has(key) && !s.meant[key] }

// need is at for a key that must be there.
func (s *section) need(key, hint string) *yaml.Node {
	if s.absent(key) {
		s.r.fail(s.node, hint, "%s has no %s", s.what, key)
	}
	return s.vals[key]
}

// text reads a key as text that is not empty; "" where it is absent.
func (s *section) text(key string) string {
	n := s.at(key)
	if n == nil {
		return ""
	}
	t, ok := s.r.scalar(n, key+" of "+s.what)
	if ok && t == "" {
		s.r.fail(n, "give a value, or remove the key", "%s of %s is empty", key, s.what)
	}
	return t
}

// word is text on one line, as names are.
func (s *section) word(key string) string {
	t := s.text(key)
	if strings.ContainsFunc(t, unicode.IsControl) || strings.TrimSpace(t) != t {
		s.r.fail(s.at(key), "", "%s of %s has a control character, or blanks around it", key, s.what)
	}
	return t
}

// oneOf reads a key whose values are a closed list; otherwise is the default.
func (s *section) oneOf(key, otherwise string, known ...string) string {
	t := s.text(key)
	if t == "" {
		return otherwise
	}
	if !slices.Contains(known, t) {
		s.r.fail(s.at(key), suggest(t, known), "%s %s of %s is not known", key, quote(t), s.what)
		return otherwise
	}
	return t
}

func (s *section) boolean(key string, otherwise bool) bool {
	n := s.at(key)
	if n == nil {
		return otherwise
	}
	b, ok := asBool(n)
	if !ok {
		s.r.fail(n, "write true or false", "%s of %s is neither true nor false", key, s.what)
		return otherwise
	}
	return b
}

// integer reads a whole number between least and most.
func (s *section) integer(key string, otherwise, least, most int64) int64 {
	n := s.at(key)
	if n == nil {
		return otherwise
	}
	t, ok := s.r.scalar(n, key+" of "+s.what)
	if !ok {
		return otherwise
	}
	v, err := strconv.ParseInt(t, 10, 64)
	// Only one spelling of a number: neither 010 nor +5 nor 1_000.
	if err != nil || strconv.FormatInt(v, 10) != t {
		s.r.fail(n, "", "%s %s of %s is no whole number", key, quote(t), s.what)
		return otherwise
	}
	if v < least || v > most {
		s.r.fail(n, fmt.Sprintf("from %d to %d", least, most), "%s %d of %s is out of range", key, v, s.what)
		return otherwise
	}
	return v
}

func (s *section) day(key string) pipeline.Day {
	n := s.at(key)
	if n == nil {
		return pipeline.NoDay
	}
	return s.r.day(n, key+" of "+s.what)
}

func (r *reader) day(n *yaml.Node, what string) pipeline.Day {
	t, ok := r.scalar(n, what)
	if !ok {
		return pipeline.NoDay
	}
	d, err := pipeline.ParseDay(t)
	if err != nil {
		r.fail(n, "write it as YYYY-MM-DD, for example 2018-04-01", "%s: %s is no day", what, quote(t))
		return pipeline.NoDay
	}
	return d
}

// scalar reads any text, "" too. It takes the text as written: "no" stays "no",
// 007 stays 007; only null is refused, because nobody can tell whether the text
// or nothing is meant.
func (r *reader) scalar(n *yaml.Node, what string) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.fail(n, "", "%s is %s where a single value is wanted", what, kindName(n))
	case isNull(n):
		r.fail(n, `quote it where the text is meant, or write ""`, "%s has no value", what)
	default:
		return n.Value, true
	}
	return "", false
}

// list gives the members of a sequence.
func (r *reader) list(n *yaml.Node, what string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "write it as [a, b]", "%s is no list", what)
		return nil
	}
	return n.Content
}

// texts reads a list of texts without repetition; never nil.
func (s *section) texts(key string) []string {
	all, seen := []string{}, map[string]bool{}
	what := key + " of " + s.what
	for _, n := range s.r.list(s.at(key), what) {
		t, ok := s.r.scalar(n, "a member of "+what)
		if !ok {
			continue
		}
		if seen[t] {
			s.r.fail(n, "", "%s twice in %s", quote(t), what)
			continue
		}
		seen[t] = true
		all = append(all, t)
	}
	return all
}

// words reads a mapping of texts whose keys are free; values may repeat. Nil
// where the node is no mapping.
func (r *reader) words(n *yaml.Node, what string) []word {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "write it as {a: b}", "%s is no mapping", what)
		return nil
	}
	var all []word
	seen := map[string]bool{}
	for k, v := range pairs(n) {
		key, ok := r.scalar(k, "a key of "+what)
		if !ok {
			continue
		}
		if seen[key] {
			r.fail(k, "", "duplicate key %s in %s", quote(key), what)
			continue
		}
		seen[key] = true
		all = append(all, word{key, k, v})
	}
	return all
}

// word is a key of a mapping with its value, still unread.
type word struct {
	text       string
	key, value *yaml.Node
}

func pairs(n *yaml.Node) func(yield func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func asBool(n *yaml.Node) (value, ok bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		return false, false
	}
	return strings.EqualFold(n.Value, "true"), true
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a value"
}
