package intake

import (
	"bytes"
	"fmt"

	"exhibit/pipeline"
)

// compileType chooses how the field's type and format are read.
func (c *column) compileType() error {
	f := c.field
	c.kept = f.Kept() || f.Role == pipeline.RoleAmount
	format := f.Format
	if format == "default" {
		format = ""
	}
	switch f.Type {
	case "", "string":
		return c.compileString(format)
	case "date", "datetime", "time":
		return c.compileTemporal(format)
	case "geopoint":
		if format != "" && format != "array" && format != "object" {
			return fmt.Errorf("format %q of type geopoint is not known", format)
		}
		c.read = geopointReader(format)
		return nil
	case "geojson":
		if format != "" && format != "topojson" {
			return fmt.Errorf("format %q of type geojson is not known", format)
		}
		topology := format != ""
		c.read = tester(notAGeojson, func(b []byte) bool { return isGeoJSON(b, topology) })
		return nil
	}
	if format != "" {
		return fmt.Errorf("type %s has no format %q", f.Type, format)
	}
	return c.compilePlain()
}

// compilePlain is for the types without formats.
func (c *column) compilePlain() error {
	f := c.field
	switch f.Type {
	case "integer":
		c.read, c.ordered = readInteger, true
		c.form = numberForm{group: []byte(f.Group), bare: true}
		if f.Role == pipeline.RoleAmount {
			c.scale = amountScale
		}
	case "number":
		point := f.Decimal
		if point == "" {
			point = "."
		}
		if f.Group == point {
			return fmt.Errorf("decimalChar and groupChar are both %q", point)
		}
		c.form = numberForm{point: []byte(point), group: []byte(f.Group), bare: f.BareNumber}
		c.read, c.ordered, c.scale = readNumber, c.kept, max(f.Scale, 0)
		if f.Role == pipeline.RoleAmount {
			c.scale = amountScale
		}
		if f.Scale > 18 || f.Role == pipeline.RoleAmount && f.Scale > amountScale {
			return fmt.Errorf("scale %d is more digits than the lake keeps", f.Scale)
		}
	case "boolean":
		c.read = booleanReader(f.True, f.False)
	case "year":
		c.read, c.ordered = readYear, true
	case "yearmonth":
		c.read, c.ordered = readYearmonth, true
	case "object":
		c.read = tester(notAnObject, func(b []byte) bool { return isJSON(b, '{') })
	case "array":
		c.read = tester(notAnArray, func(b []byte) bool { return isJSON(b, '[') })
	case "list":
	case "duration":
		c.read = tester(notADuration, isDuration)
	default:
		return fmt.Errorf("type %q is not known", f.Type)
	}
	return nil
}

// amountScale is the scale of overseas_payments.amount.
const amountScale = 4

func (c *column) compileString(format string) error {
	tests := map[string]func([]byte) bool{"email": isEmail, "uri": isURI, "uuid": isUUID, "binary": isBase64}
	if format == "" {
		return nil
	}
	test, ok := tests[format]
	if !ok {
		return fmt.Errorf("format %q of type string is not known; use email, uri, uuid or binary", format)
	}
	c.read = tester(notAString, test)
	return nil
}

func (c *column) compileTemporal(format string) (err error) {
	kind := c.field.Type
	c.ordered = true
	if format == "any" {
		return fmt.Errorf("format any guesses; name the form of the %s, for example %%Y-%%m-%%d", kind)
	}
	iso := format == ""
	if iso {
		format = map[string]string{"date": "%Y-%m-%d", "datetime": "%Y-%m-%dT%H:%M:%S", "time": "%H:%M:%S"}[kind]
	}
	if c.format, err = compileTime(format); err != nil {
		return err
	}
	if kind != "time" && !c.format.wholeDate() {
		return fmt.Errorf("format %q names no whole date", format)
	}
	if kind != "date" && !c.format.wholeTime() {
		return fmt.Errorf("format %q names no hour", format)
	}
	switch {
	case kind == "date":
		c.read = readDate
	case kind == "time":
		c.read = readTime
	case iso:
		c.read = readISODatetime
	default:
		c.read = readDatetime
	}
	return nil
}

func tester(r reason, ok func([]byte) bool) func(*column, []byte, *value) reason {
	return func(_ *column, b []byte, _ *value) reason {
		if ok(b) {
			return fine
		}
		return r
	}
}

func geopointReader(format string) func(*column, []byte, *value) reason {
	return tester(notAGeopoint, func(b []byte) bool { return isGeopoint(b, format) })
}

func booleanReader(yes, no []string) func(*column, []byte, *value) reason {
	if yes == nil {
		yes = []string{"true", "True", "TRUE", "1"}
	}
	if no == nil {
		no = []string{"false", "False", "FALSE", "0"}
	}
	texts := map[string]int64{}
	for _, s := range no {
		texts[s] = 0
	}
	for _, s := range yes {
		texts[s] = 1
	}
	return func(_ *column, b []byte, v *value) reason {
		n, ok := texts[string(b)]
		if !ok {
			return notABoolean
		}
		v.number = n
		return fine
	}
}

func readInteger(c *column, b []byte, v *value) reason {
	if len(c.form.group) > 0 && bytes.Contains(b, c.form.group) {
		sign := b[:0]
		digits := b
		if b[0] == '-' || b[0] == '+' {
			sign, digits = b[:1], b[1:]
		}
		number, rest, ok := c.form.whole(append(c.scratch[:0], sign...), digits)
		if !ok || len(rest) > 0 {
			return notAnInteger
		}
		b, c.scratch = number, number
	}
	n, over, ok := parseInteger(b)
	if !ok {
		return notAnInteger
	}
	if v.number, v.over = n, over; over != 0 && c.kept {
		return outOfRange
	}
	if c.scale > 0 { // an amount, kept as a number with four digits after the point
		if n > maxAmount || n < -maxAmount {
			return outOfRange
		}
		v.number *= 10_000
	}
	return fine
}

// maxAmount is the largest whole amount that 18 digits hold, four of them after
// the point.
const maxAmount = 99_999_999_999_999

func readNumber(c *column, b []byte, v *value) reason {
	if cap(c.scratch) < len(b) {
		c.scratch = make([]byte, 0, 2*len(b))
	}
	d, ok := c.form.parse(b, c.scratch)
	if !ok || d.special && c.kept {
		return notANumber
	}
	c.number = d
	if !c.kept {
		return fine
	}
	if f := c.field; f.Scale >= 0 && d.fraction > f.Scale || f.Role != pipeline.RoleAmount && d.fraction > c.scale {
		return scaleExceeded
	}
	var r reason
	v.number, r = d.scaled(c.scale)
	return r
}

func readDate(c *column, b []byte, v *value) reason {
	if len(b) > 0 && bytes.Equal(b, c.last.text) { // mostly the file is of one day
		v.number = c.last.day
		return fine
	}
	var s stamp
	if !c.format.parse(b, &s) {
		return notADate
	}
	day, ok := s.date()
	if !ok {
		return notADate
	}
	v.number = day
	c.last.text, c.last.day = append(c.last.text[:0], b...), day
	return fine
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

func readDatetime(c *column, b []byte, v *value) reason {
	var s stamp
	if !c.format.parse(b, &s) {
		return notADatetime
	}
	day, ok := s.date()
	micros, ok2 := s.time()
	if !ok || !ok2 {
		return notADatetime
	}
	v.number = day*microsPerDay + micros
	return fine
}

// readISODatetime reads the default form: YYYY-MM-DDThh:mm:ss, then optionally
// one to six digits of a second, then optionally Z. Both forms keep the clock
// time that stands there. Any other zone is rejected: a TIMESTAMP has none, and
// dropping an offset would move the record to another day.
func readISODatetime(c *column, b []byte, v *value) reason {
	const seconds = len("2006-01-02T15:04:05")
	b = bytes.TrimSuffix(b, []byte{'Z'})
	micros := 0
	if len(b) > seconds {
		rest, ok := fraction(b[seconds+1:], &micros)
		if b[seconds] != '.' || !ok || len(rest) > 0 {
			return notADatetime
		}
		b = b[:seconds]
	}
	r := readDatetime(c, b, v)
	v.number += int64(micros)
	return r
}

func readTime(c *column, b []byte, v *value) reason {
	var s stamp
	if !c.format.parse(b, &s) {
		return notATime
	}
	micros, ok := s.time()
	if !ok {
		return notATime
	}
	v.number = micros
	return fine
}

func readYear(_ *column, b []byte, v *value) reason {
	var year int
	if rest, ok := digits(b, 4, 1, 9999, &year); !ok || len(rest) > 0 {
		return notAYear
	}
	v.number = int64(year)
	return fine
}

func readYearmonth(_ *column, b []byte, v *value) reason {
	var year, month int
	rest, ok := digits(b, 4, 1, 9999, &year)
	if !ok || len(rest) != 3 || rest[0] != '-' {
		return notAYearmonth
	}
	if _, ok = digits(rest[1:], 2, 1, 12, &month); !ok {
		return notAYearmonth
	}
	v.number = int64(year*12 + month - 1)
	return fine
}

// dayOf is the day of a date or datetime value.
func (c *column) dayOf(v *value) pipeline.Day {
	if c.field.Type != "datetime" {
		return pipeline.Day(v.number)
	}
	day := v.number / microsPerDay
	if v.number%microsPerDay < 0 {
		day--
	}
	return pipeline.Day(day)
}
