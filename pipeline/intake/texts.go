package intake

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"unicode/utf8"
)

// isEmail accepts an address as mail systems do: a dot-separated local part (or
// a quoted one) and a domain of labels, with characters beyond ASCII allowed.
// No name, no comment, no angle brackets.
func isEmail(b []byte) bool {
	at := bytes.LastIndexByte(b, '@')
	if at < 1 || len(b) > 320 || !utf8.Valid(b) {
		return false
	}
	local, domain := b[:at], b[at+1:]
	if len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"' {
		return !bytes.ContainsAny(local[1:len(local)-1], "\"\\\r\n") && isDomain(domain)
	}
	for _, atom := range bytes.Split(local, []byte{'.'}) {
		if len(atom) == 0 {
			return false
		}
		for _, c := range atom {
			if c < utf8.RuneSelf && !isAlnum(c) && bytes.IndexByte([]byte("!#$%&'*+/=?^_`{|}~-"), c) < 0 {
				return false
			}
		}
	}
	return isDomain(domain)
}

func isDomain(b []byte) bool {
	if len(b) == 0 || len(b) > 255 {
		return false
	}
	for _, label := range bytes.Split(b, []byte{'.'}) {
		if len(label) == 0 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if c < utf8.RuneSelf && !isAlnum(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isURI accepts an absolute URI: a scheme, and something after it.
func isURI(b []byte) bool {
	if bytes.ContainsAny(b, " \t\r\n<>\"{}|\\^`") {
		return false
	}
	u, err := url.Parse(string(b))
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "")
}

// isUUID accepts 8-4-4-4-12 hexadecimal digits.
func isUUID(b []byte) bool {
	if len(b) != 36 {
		return false
	}
	for i, c := range b {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// isBase64 accepts standard, padded base64 without line ends.
func isBase64(b []byte) bool {
	if bytes.ContainsAny(b, "\r\n") {
		return false
	}
	_, err := base64.StdEncoding.Strict().DecodeString(string(b))
	return err == nil
}

// isJSON says whether b is one JSON value that begins with first.
func isJSON(b []byte, first byte) bool {
	trimmed := bytes.TrimLeft(b, " \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == first && json.Valid(b)
}

// elements counts the members of a valid JSON object or array.
func elements(b []byte) int {
	depth, n, filled := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			filled = true
		case '{', '[':
			filled = filled || depth > 0
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth == 1 {
				n++
			}
		case ' ', '\t', '\r', '\n':
		default:
			filled = true
		}
	}
	if filled {
		n++
	}
	return n
}

var geoTypes = []string{"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
	"GeometryCollection", "Feature", "FeatureCollection"}

func isGeoJSON(b []byte, topology bool) bool {
	var v struct {
		Type *string `json:"type"`
	}
	if !isJSON(b, '{') || json.Unmarshal(b, &v) != nil || v.Type == nil {
		return false
	}
	if topology {
		return *v.Type == "Topology"
	}
	return slices.Contains(geoTypes, *v.Type)
}

// isGeopoint reads "lon, lat", [lon, lat] or {"lon": …, "lat": …}.
func isGeopoint(b []byte, format string) bool {
	var lon, lat []byte
	switch format {
	case "array":
		var v []json.Number
		if !isJSON(b, '[') || json.Unmarshal(b, &v) != nil || len(v) != 2 {
			return false
		}
		lon, lat = []byte(v[0]), []byte(v[1])
	case "object":
		var v map[string]json.Number
		if !isJSON(b, '{') || json.Unmarshal(b, &v) != nil || len(v) != 2 {
			return false
		}
		lon, lat = []byte(v["lon"]), []byte(v["lat"])
	default:
		var found bool
		if lon, lat, found = bytes.Cut(b, []byte{','}); !found {
			return false
		}
		lat = bytes.TrimPrefix(lat, []byte{' '})
	}
	return within(lon, 180) && within(lat, 90)
}

func within(b []byte, limit int) bool {
	form := numberForm{point: []byte{'.'}, bare: true}
	d, ok := form.parse(b, nil)
	if !ok || d.special {
		return false
	}
	bound := decimal{digits: []byte{'1', '8'}, point: 3}
	if limit == 90 {
		bound = decimal{digits: []byte{'9'}, point: 2}
	}
	d.negative = false
	return d.compare(&bound) <= 0
}

// isDuration accepts the XML Schema duration: PnYnMnDTnHnMnS, in that order,
// with at least one part, and at least one after T.
func isDuration(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte{'-'})
	b, ok := bytes.CutPrefix(b, []byte{'P'})
	if !ok {
		return false
	}
	date, clock, hasTime := bytes.Cut(b, []byte{'T'})
	dates, ok := durationParts(date, "YMD", false)
	if !ok {
		return false
	}
	if !hasTime {
		return dates > 0
	}
	clocks, ok := durationParts(clock, "HMS", true)
	return ok && clocks > 0
}

func durationParts(b []byte, units string, fraction bool) (n int, ok bool) {
	for len(b) > 0 {
		i := 0
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		whole := i
		if fraction && i > 0 && i < len(b) && b[i] == '.' {
			for i++; i < len(b) && isDigit(b[i]); i++ {
			}
			if b[i-1] == '.' {
				return 0, false
			}
		}
		if whole == 0 || i == len(b) {
			return 0, false
		}
		u := bytes.IndexByte([]byte(units), b[i])
		if u < 0 || i > whole && b[i] != 'S' {
			return 0, false
		}
		units = units[u+1:]
		b = b[i+1:]
		n++
	}
	return n, true
}
