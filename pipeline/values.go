package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Values are named values in the order of a query's columns; in JSON an object
// with that order.
type Values []Value

// Get finds a value by its column.
func (v Values) Get(column string) (any, bool) {
	for _, x := range v {
		if x.Column == column {
			return x.Value, true
		}
	}
	return nil, false
}

// MarshalJSON writes an object whose keys keep their order.
func (v Values) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, x := range v {
		if i > 0 {
			b.WriteByte(',')
		}
		k, err := json.Marshal(x.Column)
		if err != nil {
			return nil, err
		}
		val, err := json.Marshal(x.Value)
		if err != nil {
			return nil, fmt.Errorf("value of %s: %w", x.Column, err)
		}
		b.Write(k)
		b.WriteByte(':')
		b.Write(val)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads what MarshalJSON writes; numbers become int64.
func (v *Values) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("values: no object")
	}
	*v = nil
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return err
		}
		var x any
		if err := d.Decode(&x); err != nil {
			return err
		}
		if n, ok := x.(json.Number); ok {
			i, err := n.Int64()
			if err != nil {
				return fmt.Errorf("values: %v is no whole number", k)
			}
			x = i
		}
		*v = append(*v, Value{k.(string), x})
	}
	_, err := d.Token()
	return err
}
