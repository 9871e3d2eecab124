package reports

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"exhibit/pipeline"
)

// num is a coordinate of a drawing, printed with at most two digits.
type num float64

func (n num) String() string {
	return strconv.FormatFloat(math.Round(float64(n)*100)/100, 'f', -1, 64)
}

// grouped writes a whole number with a comma between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return sign + b.String()
}

// thousands is grouped for the templates.
func thousands(n int) string { return grouped(int64(n)) }

// short writes a number in few characters, cut off, never rounded up: 1,500,
// 500k, 1.5B, 728M. Where it is printed, the exact number stands near.
func short(n uint64) string {
	if n < 10_000 {
		return grouped(int64(n))
	}
	for _, s := range []struct {
		unit uint64
		name string
	}{{1e12, "T"}, {1e9, "B"}, {1e6, "M"}, {1e3, "k"}} {
		if n < s.unit {
			continue
		}
		whole, tenth := n/s.unit, n%s.unit*10/s.unit
		text := grouped(int64(whole))
		if tenth > 0 && whole < 100 {
			text += "." + strconv.FormatUint(tenth, 10)
		}
		return text + s.name
	}
	return strconv.FormatUint(n, 10)
}

// count writes "1 day", "2 days".
func count(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + one + "s"
}

// words makes a column name readable.
func words(column string) string { return strings.ReplaceAll(column, "_", " ") }

// monthName writes the month yyyymm as 2018-04; ok is false where it is none.
func monthName(m int64) (string, bool) {
	if m < 101 || m > 999912 || m%100 < 1 || m%100 > 12 {
		return "", false
	}
	return fmt.Sprintf("%04d-%02d", m/100, m%100), true
}

// whole reads a value as a whole number.
func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	}
	return 0, false
}

// display writes a value of a result. A number keeps every digit.
func display(column string, v any) string {
	if withheld(column) {
		return "withheld"
	}
	if n, ok := whole(v); ok {
		if column == "month" {
			if name, ok := monthName(n); ok {
				return name
			}
		}
		return grouped(n)
	}
	switch v := v.(type) {
	case nil:
		return "—"
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return fmt.Sprint(v)
}

// withheld says whether a column may hold what identifies a person, or a value
// of a delivered file. Such a column is never printed, whoever wrote the SQL.
func withheld(column string) bool {
	switch c := strings.ToLower(column); c {
	case "account", "account_id", "account_key", "person", "person_id", "person_key", "holder_id", "customer_id", "user_id",
		"detail", "example", "identifier", "phone", "email", "name", "raw", "value":
		return true
	default:
		return strings.HasSuffix(c, "_person_id") || strings.HasSuffix(c, "_account_id") ||
			strings.HasSuffix(c, "_person_key") || strings.HasSuffix(c, "_account_key")
	}
}

// visible replaces what a reader cannot see, or what makes text look like other
// text (controls, bidirectional overrides, undecodable bytes), by its code
// point. It runs over the finished page, so nothing can slip past it.
func visible(page []byte) []byte {
	out := make([]byte, 0, len(page))
	for len(page) > 0 {
		if n := plainASCII(page); n > 0 { // nearly all of a page
			out, page = append(out, page[:n]...), page[n:]
			continue
		}
		r, n := utf8.DecodeRune(page)
		switch {
		case r == utf8.RuneError && n == 1:
			out = fmt.Appendf(out, "⟨0x%02X⟩", page[0])
		case r == '\n' || r == '\t' || r == '\r':
			out = append(out, page[0])
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co):
			out = fmt.Appendf(out, "⟨U+%04X⟩", r)
		default:
			out = append(out, page[:n]...)
		}
		page = page[n:]
	}
	return out
}

// plainASCII is the length of the text at the start that is printable ASCII and
// line ends.
func plainASCII(text []byte) int {
	for i, c := range text {
		if (c < ' ' || c > '~') && c != '\n' {
			return i
		}
	}
	return len(text)
}

// spanText writes a range of days, or a dash where there is none.
func spanText(r pipeline.DayRange) string {
	if r.From == pipeline.NoDay || r.To == pipeline.NoDay {
		return "—"
	}
	return r.String()
}
