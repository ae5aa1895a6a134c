package format

import (
	"bytes"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// shape is what a type makes of a JSON value besides reading its text.
type shape uint8

const (
	plainShape shape = iota
	jsonShape        // json and jsonb take any value as it is
	arrayShape       // arrays take JSON arrays, and literals in strings
)

func shapeOf(t datum.Type) shape {
	switch {
	case t.IsArray():
		return arrayShape
	case t == datum.JSON, t == datum.JSONB:
		return jsonShape
	}
	return plainShape
}

// shaped is valueOf for the types that have a shape.
func (d *JSON) shaped(target int, vec *column.Vector, row int, v []byte, i int) int {
	end := scanValue(v, i)
	if end < 0 {
		return end
	}
	t := &d.targets[target]
	value := v[i:end]
	if value[0] == 'n' {
		setNull(vec, row)
		return end
	}
	var err *datum.Error
	switch {
	case t.Type == datum.JSON: // which has been checked
		setBytes(vec, row, d.requoted(value))
	case t.shape == jsonShape:
		err = d.readBytes(t, vec, row, d.requoted(value))
	case value[0] == '"':
		err = d.readBytes(t, vec, row, d.inside(value))
	case value[0] == '[':
		err = d.array(t, vec, row, value)
	default:
		err = errNoArray(t.Name, "")
	}
	if err != nil {
		d.refuse(target, vec, row, err)
		return end
	}
	t.nonNull = true
	return end
}

// inside returns what a string that has been checked stands for.
func (d *JSON) inside(value []byte) []byte {
	value = value[1 : len(value)-1]
	if bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	d.unescape = datum.AppendJSONUnescaped(d.unescape[:0], value)
	return d.unescape
}

// requoted returns a JSON value as json_populate_record hands it to json_in: a
// string written anew, without needless escapes.
func (d *JSON) requoted(value []byte) []byte {
	if value[0] != '"' {
		return value
	}
	text := d.inside(value)
	if len(text) == len(value)-2 {
		return value
	}
	d.quote = datum.AppendJSONString(d.quote[:0], text)
	return d.quote
}
