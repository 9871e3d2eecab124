package intake

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// render writes typed values (of Parquet, of a sheet) in the form that the layout
// declares for the field, so that one code checks the fields of every format.
// What that form cannot hold without loss is not convertible.
type render struct {
	c   *column
	iso bool // the default form, which takes a fraction of a second where there is one

	day  int64 // the last one written, with its text
	text []byte
}

func newRender(c *column) *render {
	return &render{c: c, iso: c.field.Format == "" || c.field.Format == "default", day: math.MinInt64}
}

// fixedPoint appends unscaled / 10^scale, without zeros at the end.
func (r *render) fixedPoint(dst []byte, unscaled *big.Int, scale int) []byte {
	digits := new(big.Int).Abs(unscaled).String()
	if n := scale + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	whole, rest := digits[:len(digits)-scale], strings.TrimRight(digits[len(digits)-scale:], "0")
	if unscaled.Sign() < 0 {
		dst = append(dst, '-')
	}
	dst = append(dst, whole...)
	if rest != "" {
		dst = append(append(dst, r.point()...), rest...)
	}
	return dst
}

func (r *render) point() []byte {
	if len(r.c.form.point) == 0 {
		return []byte{'.'}
	}
	return r.c.form.point
}

// float appends the shortest decimal that reads back as the same number.
func (r *render) float(dst []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 0):
		return append(dst, map[bool]string{true: "-INF", false: "INF"}[v < 0]...)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, bits)
	if p := r.point(); p[0] != '.' || len(p) > 1 {
		return append(dst[:from], bytes.Replace(dst[from:], []byte{'.'}, p, 1)...)
	}
	return dst
}

// boolean appends the first declared text for true or false.
func (r *render) boolean(dst []byte, v bool) []byte {
	words := r.c.field.False
	if v {
		words = r.c.field.True
	}
	if words == nil {
		return strconv.AppendBool(dst, v)
	}
	return append(dst, words[0]...)
}

// date appends a day since 1970-01-01.
func (r *render) date(dst []byte, day int64) ([]byte, bool) {
	if r.day != day {
		r.day = math.MinInt64
		text, ok := r.stamp(r.text[:0], day, 0)
		if !ok {
			return dst, false
		}
		r.day, r.text = day, text
	}
	return append(dst, r.text...), true
}

// datetime appends a point in time by its microseconds since 1970-01-01.
func (r *render) datetime(dst []byte, micros int64) ([]byte, bool) {
	day := micros / microsPerDay
	if micros%microsPerDay < 0 {
		day--
	}
	return r.stamp(dst, day, micros-day*microsPerDay)
}

// clock appends a time of day.
func (r *render) clock(dst []byte, micros int64) ([]byte, bool) {
	if micros < 0 || micros >= microsPerDay {
		return dst, false
	}
	return r.stamp(dst, 0, micros)
}

// stamp writes day and time by the field's format, and reads them back: a format
// without seconds, or with a year of two digits, may say something else.
func (r *render) stamp(dst []byte, day, micros int64) ([]byte, bool) {
	if day < daysFrom(1, 1, 1) || day > daysFrom(9999, 12, 31) {
		return dst, false
	}
	from := len(dst)
	t := time.Unix(day*86400, micros*1000).UTC()
	dst = r.c.format.write(dst, t)
	var v value
	if micros%1_000_000 != 0 && r.iso && r.c.field.Type == "datetime" {
		dst = t.AppendFormat(dst, ".000000")
	}
	if r.c.typed(dst[from:], &v) != fine {
		return dst, false
	}
	want := day*microsPerDay + micros
	if r.c.field.Type == "date" {
		want = day
	}
	return dst, v.number == want
}

// write is the inverse of parse.
func (f *timeFormat) write(dst []byte, t time.Time) []byte {
	layouts := map[byte]string{'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'j': "002", 'H': "15", 'I': "03", 'M': "04", 'S': "05",
		'p': "PM", 'b': "Jan", 'B': "January"}
	for _, step := range f.steps {
		switch step.directive {
		case 0:
			dst = append(dst, step.literal)
		case 'f':
			dst = append(dst, t.Format(".000000")[1:]...)
		default:
			dst = t.AppendFormat(dst, layouts[step.directive])
		}
	}
	return dst
}
