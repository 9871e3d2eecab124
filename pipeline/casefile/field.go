package casefile

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"exhibit/pipeline"
)

// maxItems is how many bits transfers.fields has.
const maxItems = 62

var fieldKeys = []string{"name", "type", "format", "role", "identifies", "personal", "needed", "scale", "decimalChar", "groupChar",
	"bareNumber", "trueValues", "falseValues", "values", "missingValues", "start", "width", "trim", "constraints"}

// formats are the formats of each type beside "default" (Frictionless Table
// Schema); date, time and datetime have patterns too.
var formats = map[string][]string{
	"string": {"email", "uri", "binary", "uuid"}, "number": {}, "integer": {}, "boolean": {}, "object": {}, "array": {}, "list": {},
	"datetime": {}, "date": {}, "time": {}, "year": {}, "yearmonth": {}, "duration": {}, "geopoint": {"array", "object"},
	"geojson": {"topojson"},
}

// types are the keys of formats, in the order in which a hint names them.
var types = []string{"string", "number", "integer", "boolean", "date", "datetime", "time", "year", "yearmonth", "duration",
	"object", "array", "list", "geopoint", "geojson"}

// typesOf says which types of field a key or a constraint belongs to.
var typesOf = map[string][]string{
	"scale": {"number"}, "decimalChar": {"number"}, "groupChar": {"number", "integer"}, "bareNumber": {"number", "integer"},
	"values":     {"string"},
	"trueValues": {"boolean"}, "falseValues": {"boolean"},
	"pattern": {"string"}, "minLength": {"string", "array", "list", "object"}, "maxLength": {"string", "array", "list", "object"},
	"minimum": {"integer", "number", "date", "time", "datetime", "year", "yearmonth"},
	"maximum": {"integer", "number", "date", "time", "datetime", "year", "yearmonth"},
}

func (r *reader) schema(n *yaml.Node, of string, src *pipeline.Source) pipeline.Schema {
	out := pipeline.Schema{MissingValues: []string{""}}
	s := r.section(n, "schema of "+of, []string{"fields", "missingValues"})
	if s == nil {
		return out
	}
	if s.at("missingValues") != nil {
		out.MissingValues = s.texts("missingValues")
	}
	list := s.need("fields", "fields: [{name: …, type: …, role: …}]")
	if list == nil {
		return out
	}
	members := r.list(list, "fields of "+of)
	if list.Kind == yaml.SequenceNode && len(members) == 0 {
		r.fail(list, "name every column of the files", "%s has no fields", of)
	}
	lines := map[string]int{}
	for _, m := range members {
		f := r.field(m, src)
		if f == nil {
			continue
		}
		if line, dup := lines[f.Name]; dup && f.Name != "" {
			r.fail(m, "every field has its own name", "field %s of %s stands on line %d already", quote(f.Name), of, line)
		} else {
			lines[f.Name] = m.Line
		}
		out.Fields = append(out.Fields, *f)
	}
	r.keptNames(&out, src)
	if items := len(out.Items()); items > maxItems {
		r.fail(list, "personal: false, or role ignore, for those that are no personal data", "%s has %d items, at most %d fit", of, items, maxItems)
	}
	return out
}

// keptNames keeps attributes from colliding with the columns that exhibit
// makes, and with each other, in SQL, which does not tell cases apart.
func (r *reader) keptNames(schema *pipeline.Schema, src *pipeline.Source) {
	taken := map[string]bool{"account_key": true, "transfer_date": true, "fields": true, "file_id": true, "source": true}
	for _, c := range pipeline.StagedColumns(&pipeline.Source{Kind: src.Kind}) {
		taken[c.Name] = true
	}
	if t, ok := pipeline.LookupTable(string(src.Kind)); ok {
		for _, c := range t.Columns {
			taken[c.Name] = true
		}
	}
	const hint = "role ignore reads the column without keeping it"
	lines := map[string]*pipeline.Field{}
	for i := range schema.Fields {
		f := &schema.Fields[i]
		if !f.Kept() || f.Name == "" {
			continue
		}
		low := strings.ToLower(f.Name)
		if taken[low] {
			r.failAt(f.Line, 0, hint, "attribute %s has the name of a column that exhibit makes", quote(f.Name))
		} else if other := lines[low]; other != nil && other.Name != f.Name {
			r.failAt(f.Line, 0, hint, "attributes %s and %s differ only in case, which SQL does not see", quote(other.Name), quote(f.Name))
		}
		lines[low] = f
	}
}

func (r *reader) field(n *yaml.Node, src *pipeline.Source) *pipeline.Field {
	s := r.section(n, called(n, "field"), fieldKeys)
	if s == nil {
		return nil
	}
	s.need("name", "name: the column's header")
	f := &pipeline.Field{
		Name: s.text("name"), Line: n.Line, Identifies: s.word("identifies"),
		Personal: s.boolean("personal", true), Scale: -1,
		Constraints: pipeline.Constraints{MinLength: -1, MaxLength: -1},
	}
	if strings.ContainsFunc(f.Name, unicode.IsControl) {
		s.r.fail(s.at("name"), "", "%s has a control character in its name", s.what)
	}
	roles := rolesOf(src.Kind)
	s.need("role", "one of: "+strings.Join(roles, ", "))
	f.Role = pipeline.Role(s.oneOf("role", "", roles...))
	s.typed(f)
	s.numbers(f)
	s.truths(f)
	f.Needed = s.needed()
	if s.at("missingValues") != nil {
		f.Missing = s.texts("missingValues")
	}
	if s.belongs("values", f) {
		f.Values = s.r.values(s.at("values"), s.what)
	}
	s.place(f, src.Format)
	s.scale(f)
	if c := s.at("constraints"); c != nil {
		s.r.constraints(c, s.what, f)
	}
	return f
}

// typed reads type and format.
func (s *section) typed(f *pipeline.Field) {
	const guess = "exhibit never guesses: name the type, or string to keep the text"
	t := s.text("type")
	switch {
	case t == "":
		f.Type = "string"
	case t == "any":
		s.r.fail(s.at("type"), guess, "%s has type any", s.what)
	case !slices.Contains(types, t):
		s.r.fail(s.at("type"), suggest(t, types), "type %s of %s is not known", quote(t), s.what)
	default:
		f.Type = t
	}
	format := s.text("format")
	temporal := f.Type == "date" || f.Type == "datetime" || f.Type == "time"
	switch {
	case format == "" || format == "default" || f.Type == "":
		return
	case format == "any":
		s.r.fail(s.at("format"), `exhibit never guesses: write the pattern, for example "%Y-%m-%d"`, "%s has format any", s.what)
	case temporal:
		s.dateFormat("format", f.Type, format)
	case len(formats[f.Type]) == 0:
		s.r.fail(s.at("format"), "remove it", "%s of type %s has no formats, but %s is given", s.what, f.Type, quote(format))
	case !slices.Contains(formats[f.Type], format):
		s.r.fail(s.at("format"), suggest(format, append([]string{"default"}, formats[f.Type]...)), "format %s of %s is not known for type %s", quote(format), s.what, f.Type)
	}
	f.Format = format
}

// belongs reports a key that a field of this type cannot have.
func (s *section) belongs(key string, f *pipeline.Field) bool {
	if !s.has(key) {
		return false
	}
	if f.Type != "" && !slices.Contains(typesOf[key], f.Type) {
		s.r.fail(s.keys[key], "for "+strings.Join(typesOf[key], ", "), "%s of %s does not go with type %s", key, s.what, f.Type)
		return false
	}
	return s.at(key) != nil
}

// numbers reads how a number is written.
func (s *section) numbers(f *pipeline.Field) {
	isNumber := f.Type == "number" || f.Type == "integer"
	f.BareNumber = isNumber
	if s.belongs("bareNumber", f) {
		f.BareNumber = s.boolean("bareNumber", true)
	}
	if f.Type == "number" {
		f.Decimal = "."
	}
	if s.belongs("decimalChar", f) {
		f.Decimal = s.numberChar("decimalChar")
	}
	if s.belongs("groupChar", f) {
		f.Group = s.numberChar("groupChar")
	}
	if f.Group != "" && f.Group == f.Decimal {
		at := s.at("groupChar")
		s.r.fail(at, "give decimalChar too", "groupChar and decimalChar of %s are both %s", s.what, quote(f.Group))
	}
}

func (s *section) numberChar(key string) string {
	t := s.text(key)
	c, n := utf8.DecodeRuneInString(t)
	if t != "" && (n != len(t) || unicode.IsDigit(c) || unicode.IsLetter(c) || unicode.IsControl(c) || strings.ContainsRune(`+-"`, c)) {
		s.r.fail(s.at(key), "one character that is no digit, letter, sign or quote", "%s %s of %s cannot stand in a number", key, quote(t), s.what)
	}
	return t
}

// truths reads the words of a boolean; the defaults are those of Table Schema.
func (s *section) truths(f *pipeline.Field) {
	if f.Type == "boolean" {
		f.True, f.False = []string{"true", "True", "TRUE", "1"}, []string{"false", "False", "FALSE", "0"}
	}
	for _, w := range []struct {
		key string
		to  *[]string
	}{{"trueValues", &f.True}, {"falseValues", &f.False}} {
		if !s.belongs(w.key, f) {
			continue
		}
		if *w.to = s.texts(w.key); len(*w.to) == 0 && s.at(w.key).Kind == yaml.SequenceNode {
			s.r.fail(s.at(w.key), "", "%s of %s is empty", w.key, s.what)
		}
	}
	isTrue := make(map[string]bool, len(f.True))
	for _, t := range f.True {
		isTrue[t] = true
	}
	for _, t := range f.False {
		if isTrue[t] {
			s.r.fail(s.node, "", "%s is both true and false in %s", quote(t), s.what)
		}
	}
}

func (s *section) needed() pipeline.Needed {
	out := pipeline.Needed{Until: pipeline.NoDay}
	n := s.at("needed")
	if n == nil {
		return out
	}
	if b, ok := asBool(n); ok {
		out.Never = !b
		return out
	}
	if n.Kind != yaml.MappingNode {
		s.r.fail(n, "true, false, or {until: YYYY-MM-DD}", "needed of %s is neither true, false nor {until: DATE}", s.what)
		return out
	}
	if u := s.r.section(n, "needed of "+s.what, []string{"until"}); u != nil {
		u.need("until", "the last day on which the purpose needed it")
		out.Until = u.day("until")
	}
	return out
}

func (r *reader) values(n *yaml.Node, of string) map[string]string {
	out := map[string]string{}
	all := r.words(n, "values of "+of)
	for _, w := range all {
		t, ok := r.scalar(w.value, "a value of "+of)
		if ok && (t == "" || strings.ContainsFunc(t, unicode.IsControl)) {
			r.fail(w.value, "", "values of %s: %s means nothing", of, quote(w.text))
		}
		out[w.text] = t
	}
	if n.Kind == yaml.MappingNode && len(all) == 0 {
		r.fail(n, "values: {DELIVERED: our word}", "values of %s is empty", of)
	}
	return out
}

// place reads where a field stands in a fixed-width line.
func (s *section) place(f *pipeline.Field, format string) {
	if format != "fixed" {
		for _, key := range []string{"start", "width", "trim"} {
			if s.has(key) {
				s.r.fail(s.keys[key], "format: fixed", "%s of %s is for fixed-width files", key, s.what)
			}
		}
		return
	}
	s.need("start", "the field's first byte, from 0")
	s.need("width", "the field's length in bytes")
	f.Start = int(s.integer("start", 0, 0, math.MaxInt32))
	f.Width = int(s.integer("width", 0, 1, math.MaxInt32))
	f.Trim = s.boolean("trim", false)
}

// scale reads how many digits a kept number has after the point. The column
// amount of a payment has four.
func (s *section) scale(f *pipeline.Field) {
	most := int64(18)
	if f.Role == pipeline.RoleAmount {
		most = 4
		if f.Type == "number" {
			f.Scale = 4
		}
	}
	if s.belongs("scale", f) {
		f.Scale = int(s.integer("scale", int64(f.Scale), 0, most))
	} else if f.Type == "number" && f.Kept() && s.absent("scale") {
		s.r.fail(s.node, "scale: the digits after the point, 0 to 18; a value with more is rejected, never rounded", "%s is a number without scale", s.what)
	}
}

func (r *reader) constraints(n *yaml.Node, of string, f *pipeline.Field) {
	s := r.section(n, "constraints of "+of, []string{"required", "unique", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength"})
	if s == nil {
		return
	}
	c := &f.Constraints
	c.Required, c.Unique = s.boolean("required", false), s.boolean("unique", false)
	if e := s.at("enum"); e != nil {
		c.Enum = s.texts("enum")
		if e.Kind == yaml.SequenceNode && len(c.Enum) == 0 {
			r.fail(e, "", "enum of %s allows nothing", of)
		}
		for i, m := range e.Content {
			if e.Kind == yaml.SequenceNode && m.Kind == yaml.ScalarNode && !isNull(m) {
				s.fits(e.Content[i], "enum", f)
			}
		}
	}
	if s.belongs("pattern", f) {
		c.Pattern = s.text("pattern")
		if _, err := regexp.Compile(c.Pattern); err != nil {
			r.badPattern(s.at("pattern"), err)
		}
	}
	s.bounds(f)
	if s.belongs("minLength", f) {
		c.MinLength = int(s.integer("minLength", -1, 0, math.MaxInt32))
	}
	if s.belongs("maxLength", f) {
		c.MaxLength = int(s.integer("maxLength", -1, 0, math.MaxInt32))
	}
	if c.MaxLength >= 0 && c.MinLength > c.MaxLength {
		r.fail(s.at("minLength"), "", "minLength of %s is above its maxLength", of)
	}
}
