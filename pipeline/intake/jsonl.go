package intake

import (
	"bytes"

	"exhibit/pipeline"
)

// jsonLines are the records of JSON Lines: one object a physical line. A line of
// no bytes is blank; any other is a record.
//
// A key is a field by its exact name. null, and a key that is not there, are no
// value; so is a text that missingValues lists. A value must have the JSON type
// of its field: a string for string, date, datetime, time, yearmonth, duration,
// list and plain geopoint; a number for integer and number; true or false for
// boolean; a number or a string for year; an object or array for object, array,
// geojson and the geopoints of those forms. The string "5" is no integer, and 5
// no string, whatever they look like. There are three exceptions, each declared
// in the layout: a field with values takes any scalar whose text is listed;
// integer and number take a string where groupChar, another decimalChar or
// bareNumber: false say that numbers are written as text; boolean takes a string
// where trueValues or falseValues are declared. Numbers keep their text: none
// passes through a float.
type jsonLines struct {
	f       *delivery
	scan    jsonScanner
	text    []byte         // the line in UTF-8
	place   map[string]int // of each key in a record: the layout's, then the new ones
	kinds   []jsonKind     // that each field of the layout takes
	seen    []int64        // the last line that had the key
	line    int64
	others  map[string]struct{} // keys of the line that are not in place
	pending []member
}

// member is a key that the layout lacks, with its value.
type member struct {
	key   string
	value jsonValue
}

func newJSONLines(f *delivery) *jsonLines {
	l := &jsonLines{f: f, place: map[string]int{}, others: map[string]struct{}{}}
	f.positional()
	for i, c := range f.columns {
		l.place[c.field.Name] = i
		l.kinds = append(l.kinds, jsonKinds(c.field))
	}
	l.seen = make([]int64, len(f.columns))
	return l
}

// jsonKinds are the JSON types that a field takes.
func jsonKinds(f *pipeline.Field) jsonKind {
	if f.Values != nil {
		return jsonString | jsonNumber | jsonBool
	}
	kinds := jsonString
	switch f.Type {
	case "integer", "number":
		kinds = jsonNumber
		if writtenAsText(f) {
			kinds |= jsonString
		}
	case "boolean":
		kinds = jsonBool
		if f.True != nil || f.False != nil {
			kinds |= jsonString
		}
	case "year":
		kinds = jsonString | jsonNumber
	case "object", "geojson":
		kinds = jsonObject
	case "array":
		kinds = jsonArray
	case "geopoint":
		switch f.Format {
		case "array":
			kinds = jsonArray
		case "object":
			kinds = jsonObject
		}
	}
	return kinds
}

// writtenAsText says whether the layout declares a form of numbers that only a
// text can have.
func writtenAsText(f *pipeline.Field) bool {
	return f.Group != "" || f.Decimal != "" && f.Decimal != "." || !f.BareNumber
}

// mismatch is the reason for a value of another type than its field's.
func mismatch(f *pipeline.Field, kind jsonKind) reason {
	wanted := typeReasons[f.Type]
	if kind&(jsonObject|jsonArray) != 0 && wanted != notAnObject && wanted != notAnArray {
		return nestedValue
	}
	return wanted
}

// typeReasons say that a value is not of a type.
var typeReasons = map[string]reason{
	"": notAString, "string": notAString, "integer": notAnInteger, "number": notANumber, "boolean": notABoolean, "object": notAnObject,
	"array": notAnArray, "list": notAList, "datetime": notADatetime, "date": notADate, "time": notATime, "year": notAYear,
	"yearmonth": notAYearmonth, "duration": notADuration, "geopoint": notAGeopoint, "geojson": notAGeojson,
}

// next implements records.
func (l *jsonLines) next(rec *record) (piece, error) {
	kind, err := l.f.t.next(rec)
	if err != nil || kind != recordPiece {
		return kind, err
	}
	rec.fields, rec.count, rec.decoded = rec.fields[:0], len(l.f.columns), true
	rec.absent = rec.absent[:0]
	if rec.problem.reason != fine {
		rec.problem.field = -1
		return kind, nil
	}
	if rec.nul || rec.high && !l.f.codec.valid(rec.raw) {
		return kind, nil // for both the record is rejected
	}
	text := rec.raw
	if rec.high && !l.f.codec.utf8 {
		l.text = l.f.codec.decode(l.text[:0], rec.raw)
		text = l.text
	}
	l.scan.reset(text)
	return kind, l.read(rec)
}

// read takes one line apart.
func (l *jsonLines) read(rec *record) error {
	l.line++
	l.pending = l.pending[:0]
	for range len(l.f.columns) + len(l.f.extra) {
		rec.fields, rec.absent = append(rec.fields, nil), append(rec.absent, true)
	}
	first := problem{}
	note := func(r reason, field int) {
		if first.reason == fine {
			first = problem{reason: r, field: field}
		}
	}
	s := &l.scan
	if s.space(); s.i < len(s.b) && s.b[s.i] != '{' {
		note(notAnObject, -1)
		var v jsonValue
		_ = s.value(&v, 0) && s.ended()
	} else if s.i == len(s.b) {
		s.fail(notJSON)
	} else {
		_ = s.members(1, func(key []byte) bool { return l.member(rec, key, note) }) && s.ended()
	}
	clear(l.others)
	if s.bad != fine {
		rec.problem = problem{reason: s.bad, field: -1}
		return nil
	}
	rec.problem = first
	if first.reason != fine {
		return nil
	}
	for _, b := range rec.fields {
		rec.nul = rec.nul || bytes.IndexByte(b, 0) >= 0
	}
	return l.newFields(rec)
}

// member takes the value of one key of the record.
func (l *jsonLines) member(rec *record, key []byte, note func(reason, int)) bool {
	at, known := l.place[string(key)]
	var v jsonValue
	switch {
	case known && l.seen[at] == l.line:
		note(duplicateKey, at)
	case known:
		l.seen[at] = l.line
	default:
		if _, twice := l.others[string(key)]; twice {
			note(duplicateKey, -1)
		}
		l.others[string(key)] = struct{}{}
		if l.f.src.NewFields != newFieldsRecorded || len(key) > maxNewFieldName {
			note(unknownKey, -1)
		}
	}
	name := ""
	if !known && len(key) <= maxNewFieldName {
		name = string(key) // the arena may move
	}
	if !l.scan.value(&v, 1) {
		return false
	}
	switch {
	case !known:
		l.pending = append(l.pending, member{name, v})
	case v.kind == jsonNull:
	case at < len(l.kinds) && l.kinds[at]&v.kind == 0:
		note(mismatch(l.f.columns[at].field, v.kind), at)
	default:
		rec.fields[at], rec.absent[at] = v.text, false
	}
	return true
}

// newFields counts the keys that the layout lacks, which are few.
func (l *jsonLines) newFields(rec *record) error {
	for _, m := range l.pending {
		at := len(rec.fields)
		l.f.addExtra(at, m.key)
		if err := l.f.extraFits(); err != nil {
			return err
		}
		l.place[m.key] = at
		l.seen = append(l.seen, l.line)
		rec.fields, rec.absent = append(rec.fields, m.value.text), append(rec.absent, m.value.kind == jsonNull)
	}
	return nil
}
