package intake

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"exhibit/pipeline"
)

// value is what a field of one record holds. The text lasts as long as the
// record.
type value struct {
	present bool
	text    []byte // as delivered, in UTF-8; a word of the layout where it maps values
	number  int64  // integer, boolean, year, days, microseconds, or scaled number
	over    int    // of an integer beyond int64: its sign
}

// column checks and types one field of a layout. It is compiled once for a file
// and used by one goroutine; a checker for another has a copy.
type column struct {
	field    *pipeline.Field
	index    int      // in the layout
	at       int      // in the record
	missing  [][]byte // texts that mean "no value"
	needText bool     // a value beyond ASCII has to be decoded
	values   map[string][]byte
	read     func(*column, []byte, *value) reason // nil: any text
	anyText  bool                                 // every text is a value, but for "", which is none
	free     bool                                 // no constraint but required
	ordered  bool                                 // value.number orders the values
	scale    int                                  // of value.number, for a number
	kept     bool                                 // value.number goes into the lake

	pattern   *pattern
	enum      map[string]bool
	enumOf    []int64 // the same, typed, where ordered
	low, high *bound
	size      func([]byte) int

	form    numberForm
	format  *timeFormat
	number  decimal
	scratch []byte
	last    struct { // the text of a date that was read before, and its day
		text []byte
		day  int64
	}
}

// bound is a minimum or maximum in the field's own type.
type bound struct {
	number  int64
	decimal decimal
}

func compileColumn(f *pipeline.Field, s *pipeline.Schema) (*column, error) {
	c := &column{field: f, at: -1, needText: true}
	missing := f.Missing
	if missing == nil {
		missing = s.MissingValues
	}
	if missing == nil {
		missing = []string{""}
	}
	ascii := true
	for _, m := range missing {
		c.missing = append(c.missing, []byte(m))
		ascii = ascii && indexHigh([]byte(m)) == len(m)
	}
	if err := c.compileType(); err != nil {
		return nil, err
	}
	if f.Values != nil {
		c.values = map[string][]byte{}
		for text, word := range f.Values {
			c.values[text] = []byte(word)
			if r := c.typed([]byte(word), &value{}); r != fine {
				return nil, fmt.Errorf("values: %q is of no use to type %s: %s", word, f.Type, r)
			}
		}
	}
	if err := c.compileConstraints(); err != nil {
		return nil, err
	}
	plain := c.read == nil && c.values == nil && c.pattern == nil && c.enum == nil && c.size == nil && !f.Unique
	c.needText = !plain || !ascii || staged(f.Role)
	c.free = c.pattern == nil && c.enum == nil && c.size == nil && c.low == nil && c.high == nil
	c.anyText = c.free && c.read == nil && c.values == nil && len(c.missing) == 1 && len(c.missing[0]) == 0
	return c, nil
}

// staged says whether the text of a field with this role may go into a staged
// column.
func staged(r pipeline.Role) bool {
	switch r {
	case pipeline.RoleIdentifier, pipeline.RoleIgnore:
		return false
	}
	return true
}

func (c *column) compileConstraints() (err error) {
	f := c.field
	if f.Pattern != "" {
		if c.pattern, err = compilePattern(f.Pattern); err != nil {
			return err
		}
	}
	if f.Enum != nil {
		c.enum = map[string]bool{}
		for _, text := range f.Enum {
			var v value
			c.enum[text] = true
			if r := c.typed([]byte(text), &v); r != fine {
				return fmt.Errorf("enum: %q is %s", text, r)
			}
			if c.ordered {
				c.enumOf = append(c.enumOf, v.number)
			}
		}
		slices.Sort(c.enumOf)
	}
	if c.low, err = c.compileBound("minimum", f.Minimum); err != nil {
		return err
	}
	if c.high, err = c.compileBound("maximum", f.Maximum); err != nil {
		return err
	}
	if f.MinLength > 0 || f.MaxLength >= 0 {
		c.size = lengthOf(f.Type)
		if c.size == nil {
			return fmt.Errorf("minLength and maxLength do not apply to type %s", f.Type)
		}
	}
	return nil
}

func (c *column) compileBound(name, text string) (*bound, error) {
	if text == "" {
		return nil, nil
	}
	if !c.ordered && c.field.Type != "number" {
		return nil, fmt.Errorf("%s does not apply to type %s", name, c.field.Type)
	}
	var v value
	if r := c.typed([]byte(text), &v); r != fine || v.over != 0 || c.number.special {
		return nil, fmt.Errorf("%s: %q is no %s of the declared form", name, text, c.field.Type)
	}
	b := &bound{number: v.number, decimal: c.number}
	b.decimal.digits = slices.Clone(c.number.digits)
	return b, nil
}

// lengthOf is what minLength and maxLength count: characters, or the members of
// a list, array or object.
func lengthOf(kind string) func([]byte) int {
	switch kind {
	case "", "string":
		return utf8.RuneCount
	case "object", "array":
		return elements
	case "list":
		return func(b []byte) int { return bytes.Count(b, []byte{','}) + 1 }
	}
	return nil
}

// absent says whether a text means "no value".
func (c *column) absent(text []byte) bool {
	for _, m := range c.missing {
		if len(m) == len(text) && (len(m) == 0 || bytes.Equal(m, text)) {
			return true
		}
	}
	return false
}

// check types and tests one text.
func (c *column) check(text []byte, v *value) reason {
	v.text, v.number = text, 0
	if c.anyText {
		v.present, v.over = len(text) > 0, 0
		if !v.present && c.field.Required {
			return required
		}
		return fine
	}
	if v.present = !c.absent(text); !v.present {
		if c.field.Required {
			return required
		}
		return fine
	}
	delivered := text
	if c.values != nil {
		word, ok := c.values[string(text)]
		if !ok {
			return notInEnum
		}
		v.text = word
	}
	if c.read != nil {
		if r := c.typed(v.text, v); r != fine {
			return r
		}
	}
	if c.free {
		return fine
	}
	return c.constraints(delivered, v)
}

func (c *column) typed(text []byte, v *value) reason {
	v.over = 0
	if c.read == nil {
		return fine
	}
	return c.read(c, text, v)
}

func (c *column) constraints(text []byte, v *value) reason {
	if c.enum != nil && !c.enum[string(text)] {
		if _, found := slices.BinarySearch(c.enumOf, v.number); !found || v.over != 0 {
			return notInEnum
		}
	}
	if c.pattern != nil && !c.pattern.match(text) {
		return patternMismatch
	}
	if c.number.special && (c.low != nil || c.high != nil) {
		return outOfRange // NaN lies in no range
	}
	if c.low != nil && c.compare(v, c.low) < 0 || c.high != nil && c.compare(v, c.high) > 0 {
		return outOfRange
	}
	if c.size != nil {
		n := c.size(text)
		if n < c.field.MinLength {
			return tooShort
		}
		if c.field.MaxLength >= 0 && n > c.field.MaxLength {
			return tooLong
		}
	}
	return fine
}

func (c *column) compare(v *value, b *bound) int {
	switch {
	case v.over != 0:
		return v.over
	case c.ordered:
		return cmp.Compare(v.number, b.number)
	}
	return c.number.compare(&b.decimal)
}
