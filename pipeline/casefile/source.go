package casefile

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"exhibit/pipeline"
)

var sourceKeys = []string{"name", "kind", "sender", "recipient", "purpose", "files", "date", "as_of", "parts", "cadence",
	"control_totals", "format", "encoding", "dialect", "schema", "new_fields"}

var kinds = []string{string(pipeline.Transfers), string(pipeline.Customers), string(pipeline.OverseasPayments),
	string(pipeline.Consents), string(pipeline.Contracts)}

// onlyOf says which keys belong to sources of one kind.
var onlyOf = []struct {
	key  string
	kind pipeline.Kind
	hint string
}{
	{"date", pipeline.Transfers, "a customer table has as_of"},
	{"recipient", pipeline.Transfers, ""},
	{"purpose", pipeline.Transfers, ""},
	{"cadence", pipeline.Transfers, ""},
	{"as_of", pipeline.Customers, "transfers have date"},
}

func (r *reader) sources(n *yaml.Node) []pipeline.Source {
	members := r.list(n, "sources")
	if n.Kind == yaml.SequenceNode && len(members) == 0 {
		r.fail(n, "a case has at least one source of files", "no sources")
	}
	var all []pipeline.Source
	lines := map[string]int{}
	for _, m := range members {
		src := r.source(m)
		if src == nil {
			continue
		}
		if line, dup := lines[src.Name]; dup && src.Name != "" {
			r.fail(m, "every source has its own name", "source %s stands on line %d already", quote(src.Name), line)
		} else {
			lines[src.Name] = m.Line
		}
		all = append(all, *src)
	}
	return all
}

// called is how errors speak of a mapping that may have a name.
func called(n *yaml.Node, word string) string {
	if n.Kind == yaml.MappingNode {
		for k, v := range pairs(n) {
			if k.Value == "name" && v.Kind == yaml.ScalarNode && !isNull(v) && v.Value != "" {
				return word + " " + quote(v.Value)
			}
		}
	}
	return "a " + word
}

func (r *reader) source(n *yaml.Node) *pipeline.Source {
	s := r.section(n, called(n, "source"), sourceKeys)
	if s == nil {
		return nil
	}
	src := &pipeline.Source{
		Line:   n.Line,
		Date:   pipeline.DateRule{Fixed: pipeline.NoDay},
		AsOf:   pipeline.DateRule{Fixed: pipeline.NoDay},
		Parts:  s.boolean("parts", false),
		Format: s.oneOf("format", "csv", "csv", "jsonl", "fixed", "parquet", "xlsx"),
	}
	s.need("name", "name: NAME, "+nameHint)
	src.Name = s.name("name")
	s.need("kind", "kind: one of "+strings.Join(kinds, ", "))
	src.Kind = pipeline.Kind(s.oneOf("kind", "", kinds...))
	s.need("sender", "who delivered the files")
	src.Sender = s.word("sender")
	if n := s.need("files", `a glob, relative to the inbox: files: "transfers/*.csv"`); n != nil {
		src.Files, src.FilesLine = s.glob("files"), n.Line
	}
	if n := s.at("control_totals"); n != nil {
		src.Control = r.control(n, s)
	}
	src.Encoding = s.encoding(src.Format)
	src.Dialect = s.dialect(src.Format)
	src.NewFields = s.oneOf("new_fields", "", "record")
	if n := s.need("schema", "schema: {fields: [{name: …, type: …, role: …}]}"); n != nil {
		src.Schema = r.schema(n, s.what, src)
	}
	s.kindKeys(src)
	return src
}

// kindKeys reads what sources of one kind have and others have not, and checks
// the roles that the kind needs.
func (s *section) kindKeys(src *pipeline.Source) {
	for _, o := range onlyOf {
		if s.has(o.key) && src.Kind != o.kind && src.Kind != "" {
			s.r.fail(s.keys[o.key], o.hint, "%s of %s belongs to sources of kind %s", o.key, s.what, o.kind)
		}
	}
	src.Purpose = s.word("purpose")
	src.Cadence = s.oneOf("cadence", "", "daily")
	if n := s.at("date"); n != nil && src.Kind == pipeline.Transfers {
		src.Date = s.r.dateRule(n, "date of "+s.what, true)
	}
	if n := s.at("as_of"); n != nil && src.Kind == pipeline.Customers {
		if n.Kind == yaml.ScalarNode {
			src.AsOf.Fixed = s.day("as_of")
		} else {
			src.AsOf = s.r.dateRule(n, "as_of of "+s.what, false)
		}
	}
	if src.Kind == pipeline.Transfers {
		s.need("date", "date: {from: field}, or {from: name, pattern: …, format: …}")
		if n := s.need("recipient", "recipient: {name: …, country: …}, or {from: field}"); n != nil {
			src.Recipient = s.r.recipient(n, s.what)
		}
	}
	if n := s.at("schema"); n != nil && src.Kind != "" {
		s.roles(src, n)
	}
}

func (r *reader) recipient(n *yaml.Node, of string) pipeline.Recipient {
	s := r.section(n, "recipient of "+of, []string{"name", "country", "from"})
	if s == nil {
		return pipeline.Recipient{}
	}
	out := pipeline.Recipient{Name: s.word("name"), Country: s.word("country")}
	out.FromField = s.oneOf("from", "", "field") == "field"
	switch {
	case s.has("name") && s.has("from"):
		out.FromField = false
		r.fail(s.keys["from"], "remove one of them", "recipient of %s has both a name and from: field", of)
	case s.absent("name") && s.absent("from"):
		r.fail(n, "name: …, or from: field", "recipient of %s has no name", of)
	}
	return out
}

// dateRule reads where a date comes from; fromField says whether it may be a
// field of the record.
func (r *reader) dateRule(n *yaml.Node, what string, fromField bool) pipeline.DateRule {
	rule := pipeline.DateRule{Fixed: pipeline.NoDay}
	s := r.section(n, what, []string{"from", "pattern", "format"})
	if s == nil {
		return rule
	}
	wanted := []string{"name"}
	if fromField {
		wanted = append(wanted, "field")
	}
	from := s.need("from", "from: "+strings.Join(wanted, " or "))
	if from == nil {
		return rule
	}
	members := []*yaml.Node{from}
	if from.Kind == yaml.SequenceNode {
		members = from.Content
	}
	for _, m := range members {
		t, ok := r.scalar(m, "from of "+what)
		switch {
		case !ok:
		case !slices.Contains(wanted, t):
			r.fail(m, suggest(t, wanted), "from %s of %s is not known", quote(t), what)
		case t == "name" && rule.FromName, t == "field" && rule.FromField:
			r.fail(m, "", "from of %s says %s twice", what, t)
		case t == "name":
			rule.FromName = true
		default:
			rule.FromField = true
		}
	}
	if len(members) == 0 {
		r.fail(from, "from: "+strings.Join(wanted, " or "), "from of %s is empty", what)
	}
	if rule.FromName {
		r.namePattern(s, &rule)
		return rule
	}
	for _, key := range []string{"pattern", "format"} {
		if s.has(key) && rule.FromField {
			r.fail(s.keys[key], "a field's format stands with the field", "%s of %s belongs to from: name", key, what)
		}
	}
	return rule
}

func (r *reader) namePattern(s *section, rule *pipeline.DateRule) {
	s.need("pattern", `a regular expression with one group: pattern: '_(\d{8})\.csv$'`)
	s.need("format", `how the group is read: format: "%Y%m%d"`)
	rule.Pattern, rule.Format = s.text("pattern"), s.text("format")
	if rule.Pattern != "" {
		if re, err := regexp.Compile(rule.Pattern); err != nil {
			r.badPattern(s.at("pattern"), err)
		} else if re.NumSubexp() != 1 {
			r.fail(s.at("pattern"), "(…) around the date, and (?:…) for any other group", "pattern of %s has %d groups, not one", s.what, re.NumSubexp())
		}
	}
	if rule.Format != "" {
		s.dateFormat("format", "date", rule.Format)
	}
}

func (r *reader) badPattern(n *yaml.Node, err error) {
	problem := err.Error()
	var bad *syntax.Error
	// The message of syntax.Error shows the pattern as it is, line ends too.
	if errors.As(err, &bad) && !strconv.CanBackquote(bad.Expr) {
		problem = string(bad.Code) + ": " + quote(bad.Expr)
	}
	r.fail(n, "the syntax is RE2: https://github.com/google/re2/wiki/Syntax", "bad pattern: %s", strings.TrimPrefix(problem, "error parsing regexp: "))
}

func (r *reader) control(n *yaml.Node, of *section) *pipeline.ControlTotals {
	s := r.section(n, "control_totals of "+of.what, []string{"files", "records"})
	if s == nil {
		return nil
	}
	s.need("files", "the glob of the control files, relative to the inbox")
	c := &pipeline.ControlTotals{Files: s.glob("files"), Line: n.Line}
	c.Records = int(s.integer("records", 1, 1, math.MaxInt16))
	if f := of.at("files"); f != nil && c.Files != "" && f.Value == c.Files {
		r.fail(s.at("files"), "", "control_totals of %s names the data files themselves", of.what)
	}
	return c
}

// encodings maps the names of encodings, without case, - and _, to ours.
var encodings = map[string]string{
	"utf8": "utf-8", "utf16": "utf-16", "utf16le": "utf-16le", "utf16be": "utf-16be",
	"cp949": "cp949", "euckr": "cp949", "ms949": "cp949", "uhc": "cp949", "windows949": "cp949",
	"windows1252": "windows-1252", "cp1252": "windows-1252",
	"latin1": "latin-1", "iso88591": "latin-1",
}

func (s *section) encoding(format string) string {
	if n := s.at("encoding"); n != nil && (format == "parquet" || format == "xlsx") {
		s.r.fail(s.keys["encoding"], "remove it", "encoding of %s: %s files say their own", s.what, format)
	}
	t := s.text("encoding")
	if t == "" {
		return "utf-8"
	}
	e, ok := encodings[fold(t)]
	if !ok {
		s.r.fail(s.at("encoding"), suggest(t, []string{"utf-8", "utf-16", "utf-16le", "utf-16be", "cp949", "windows-1252", "latin-1"}),
			"encoding %s of %s is not known", quote(t), s.what)
		return "utf-8"
	}
	return e
}

// glob reads a key that holds a glob of [path.Match] relative to the inbox.
func (s *section) glob(key string) string {
	g := s.text(key)
	if g == "" {
		return ""
	}
	if problem, hint := badGlob(g); problem != "" {
		s.r.fail(s.at(key), hint, "%s", fmt.Sprintf("%s of %s %s", key, s.what, problem))
	}
	return g
}
