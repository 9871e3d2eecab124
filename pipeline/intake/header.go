package intake

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"exhibit/pipeline"
)

// maxColumns is how many columns of a header are looked at.
const maxColumns = 1 << 17

// positional takes the columns in the order of the layout.
func (f *delivery) positional() {
	for i, c := range f.columns {
		c.at = i
		f.byName = append(f.byName, c.field.Name)
	}
}

// readHeader reads the header and finds each column of the layout in it. Other
// columns are named by their place only, since a missing header would show
// somebody's data here.
func (f *delivery) readHeader(rec *record) error {
	for {
		kind, err := f.t.next(rec)
		if errors.Is(err, io.EOF) {
			return refusal("no header: the file ends before it")
		}
		if err != nil {
			return err
		}
		f.piece(rec)
		if kind == recordPiece {
			break
		}
		if kind == blankPiece {
			f.staged.Blank++
		}
	}
	f.headers = 1
	switch {
	case rec.problem.reason != fine:
		return refusal(fmt.Sprintf("header unlike the layout: %s at line %d", rec.problem.reason, rec.line))
	case rec.nul:
		return refusal("header unlike the layout: it holds a NUL byte")
	case !f.codec.valid(rec.raw):
		return refusal("wrong encoding: the header cannot be decoded as " + f.src.Encoding)
	case rec.count > maxColumns:
		return refusal(fmt.Sprintf("header unlike the layout: %d columns", rec.count))
	}
	return f.matchHeader(f.headerNames(rec))
}

func (f *delivery) headerNames(rec *record) []string {
	var names []string
	for _, b := range rec.fields {
		if !f.codec.utf8 {
			b = f.codec.decode(nil, b)
		}
		names = append(names, string(b))
	}
	return names
}

func (f *delivery) matchHeader(names []string) error {
	places := map[string][]int{}
	for i, name := range names {
		places[name] = append(places[name], i)
	}
	var missing, twice []string
	f.byName = make([]string, len(names))
	for _, c := range f.columns {
		switch at := places[c.field.Name]; len(at) {
		case 0:
			missing = append(missing, c.field.Name)
		case 1:
			c.at = at[0]
			f.byName[c.at] = c.field.Name
		default:
			twice = append(twice, fmt.Sprintf("%s (positions %d and %d)", c.field.Name, at[0]+1, at[1]+1))
		}
	}
	var unknown []string
	known := func(name string) bool {
		return slices.ContainsFunc(f.columns, func(c *column) bool { return c.field.Name == name })
	}
	for i, name := range names {
		if f.byName[i] == "" && (len(places[name]) == 1 || !known(name)) {
			unknown = append(unknown, fmt.Sprintf("position %d (%d characters)", i+1, utf8.RuneCountInString(name)))
			f.addExtra(i, name)
		}
	}
	if len(missing) == 0 && len(twice) == 0 && len(unknown) > 0 && f.src.NewFields == newFieldsRecorded {
		if err := f.extraFits(); err != nil {
			return err
		}
		return f.extraTwice(places)
	}
	var why []string
	for _, w := range []struct {
		what  string
		which []string
	}{{"missing", missing}, {"twice", twice}, {"not in the layout", unknown}} {
		if len(w.which) > 0 {
			why = append(why, w.what+": "+firstFew(w.which))
		}
	}
	if len(why) == 0 {
		return nil
	}
	return refusal("header unlike the layout: " + strings.Join(why, "; "))
}

// addExtra counts a column that the layout lacks, where the source says that
// new columns are recorded.
func (f *delivery) addExtra(at int, name string) {
	if f.src.NewFields == newFieldsRecorded && len(f.extra) <= maxNewFields {
		f.extra = append(f.extra, extra{at, pipeline.FieldCount{Field: name, First: pipeline.NoDay, Last: pipeline.NoDay}})
	}
}

// newFieldsRecorded is what new_fields says where a column that the layout lacks
// is reported and its presence counted.
const newFieldsRecorded = "record"

const (
	maxNewFields    = 1000 // columns of a file that the layout lacks
	maxNewFieldName = 256  // bytes of such a column's name
)

// extraFits refuses a file with more new columns, or longer names, than a
// receipt can hold.
func (f *delivery) extraFits() error {
	if len(f.extra) > maxNewFields {
		return refusal(fmt.Sprintf("more than %d columns that the layout lacks", maxNewFields))
	}
	for _, x := range f.extra {
		if len(x.count.Field) > maxNewFieldName {
			return refusal(fmt.Sprintf("a column that the layout lacks has a name of more than %d bytes", maxNewFieldName))
		}
	}
	return nil
}

func (f *delivery) extraTwice(places map[string][]int) error {
	for _, x := range f.extra {
		if len(places[x.count.Field]) > 1 {
			return refusal(fmt.Sprintf("header unlike the layout: the columns at position %d and %d have one name",
				places[x.count.Field][0]+1, places[x.count.Field][1]+1))
		}
	}
	return nil
}

func firstFew(list []string) string {
	const few = 5
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
}

// filled says whether a record has a value in a column that the layout lacks.
func (f *delivery) filled(rec *record, at int) bool {
	if at >= len(rec.fields) || rec.absent != nil && rec.absent[at] {
		return false
	}
	b := rec.fields[at]
	if f.src.Schema.MissingValues == nil {
		return len(b) > 0
	}
	if !rec.decoded && !f.codec.utf8 && indexHigh(b) < len(b) {
		b = f.codec.decode(nil, b)
	}
	return !slices.Contains(f.src.Schema.MissingValues, string(b))
}
