package intake

// reason says why a record was rejected. The zero value means that it was not.
type reason uint8

const (
	fine reason = iota
	tooFewFields
	tooManyFields
	strayQuote
	unterminatedQuote
	strayCarriageReturn
	strayLineFeed
	undecodableBytes
	nulByte
	overLong
	required
	notInEnum
	patternMismatch
	tooShort
	tooLong
	outOfRange
	scaleExceeded
	duplicateValue
	wrongDate
	notAString
	notANumber
	notAnInteger
	notABoolean
	notAnObject
	notAnArray
	notAList
	notADatetime
	notADate
	notATime
	notAYear
	notAYearmonth
	notADuration
	notAGeopoint
	notAGeojson
	notJSON
	tooDeep
	badEscape
	duplicateKey
	unknownKey
	nestedValue
	shortRecord
	longRecord
	bytesOutsideFields
	notConvertible
	formulaCell
	reasonCount
)

// Reason is one reason for rejecting a record: its name in the table rejects,
// and what it means.
type Reason struct {
	Name string
	Text string
}

// Reasons are all reasons for which a record is rejected. A record has one: the
// first of its bytes (quotes, line ends, JSON, NUL, encoding), of its fields' number,
// then of its fields in the order of the layout, then of unique.
var Reasons = [reasonCount]Reason{
	fine:                {"", "accepted"},
	tooFewFields:        {"too_few_fields", "fewer fields than the layout has; none is padded"},
	tooManyFields:       {"too_many_fields", "more fields than the layout has; none is dropped"},
	strayQuote:          {"stray_quote", "a quote inside an unquoted field, or text after a closing quote"},
	unterminatedQuote:   {"unterminated_quote", "a quote that is never closed, or closed in a way that makes no record; last_line is where that showed"},
	strayCarriageReturn: {"stray_carriage_return", "a carriage return in an unquoted field that is no line end of this file"},
	strayLineFeed:       {"stray_line_feed", "a line feed in an unquoted field of a file whose declared line end is another"},
	undecodableBytes:    {"undecodable_bytes", "bytes that are no text in the declared encoding"},
	nulByte:             {"nul_byte", "a NUL byte"},
	overLong:            {"over_long", "longer than the longest record that is read"},
	required:            {"required", "no value where the layout requires one"},
	notInEnum:           {"not_in_enum", "none of the values that the layout lists"},
	patternMismatch:     {"pattern", "does not match the layout's pattern as a whole"},
	tooShort:            {"too_short", "shorter than minLength"},
	tooLong:             {"too_long", "longer than maxLength"},
	outOfRange:          {"out_of_range", "below minimum, above maximum, or beyond what the type holds"},
	scaleExceeded:       {"scale", "more digits after the point than the layout keeps; never rounded"},
	duplicateValue:      {"duplicate_value", "a value of a unique field that an earlier accepted record has"},
	wrongDate:           {"wrong_date", "the record's date is not the date of its file"},
	notAString:          {"not_a_string", "not of the string format that the layout declares (email, uri, uuid, binary)"},
	notANumber:          {"not_a_number", "no number of the declared form"},
	notAnInteger:        {"not_an_integer", "no whole number of the declared form"},
	notABoolean:         {"not_a_boolean", "none of the declared texts for true and false"},
	notAnObject:         {"not_an_object", "no JSON object"},
	notAnArray:          {"not_an_array", "no JSON array"},
	notAList:            {"not_a_list", "no list"},
	notADatetime:        {"not_a_datetime", "no date and time of the declared form"},
	notADate:            {"not_a_date", "no date of the declared form"},
	notATime:            {"not_a_time", "no time of the declared form"},
	notAYear:            {"not_a_year", "no year of four digits"},
	notAYearmonth:       {"not_a_yearmonth", "no month of the form YYYY-MM"},
	notADuration:        {"not_a_duration", "no ISO 8601 duration"},
	notAGeopoint:        {"not_a_geopoint", "no longitude and latitude of the declared form"},
	notAGeojson:         {"not_a_geojson", "no GeoJSON or TopoJSON object"},
	notJSON:             {"not_json", "no JSON value, or text after it"},
	tooDeep:             {"too_deep", "JSON that is nested deeper than is read"},
	badEscape:           {"bad_escape", "a JSON escape that stands for no character, such as half of a surrogate pair"},
	duplicateKey:        {"duplicate_key", "a JSON object with one key twice; neither value is chosen"},
	unknownKey:          {"unknown_key", "a key of a JSON object that the layout lacks"},
	nestedValue:         {"nested_value", "a JSON object or array where the layout has one value"},
	shortRecord:         {"short_record", "fewer bytes than the layout's fields take; none is padded"},
	longRecord:          {"long_record", "more bytes than the layout's fields take; none is dropped"},
	bytesOutsideFields:  {"bytes_outside_fields", "bytes that are not blank where the layout has no field"},
	notConvertible:      {"not_convertible", "a typed value that the declared form cannot write without loss"},
	formulaCell:         {"formula_or_error", "a formula or an error in a cell: no value that was delivered"},
}

func (r reason) String() string { return Reasons[r].Name }

// problem is why one record is rejected. field is an index into the fields of
// the record as read, or -1; detail never holds a value of the file.
type problem struct {
	reason reason
	field  int
	detail string
}

// refusal is why a whole file is refused; it never holds a value of the file.
type refusal string

func (r refusal) Error() string { return string(r) }
