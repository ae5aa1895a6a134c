package rows

import (
	"bytes"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

// JSON writes rows as JSON objects: numbers and booleans as such, json as it is,
// every other type as the string that PostgreSQL prints, which the type's input
// function takes back.
type JSON struct {
	columns []string
	names   []string // the fields' names, quoted, with their colons
	kinds   []jsonKind
	oneLine bool // a record is a line
}

type jsonKind uint8

const (
	jsonText jsonKind = iota
	jsonNumber
	jsonBool
	jsonRaw
)

// NewJSON returns a writer of rows with columns of these names and types. A
// domain's type is that which it is over.
func NewJSON(names []string, oids []uint32) *JSON {
	j := &JSON{columns: names, kinds: make([]jsonKind, len(oids))}
	for i, name := range names {
		lead := byte(',')
		if i == 0 {
			lead = '{'
		}
		j.names = append(j.names, string(append(appendString([]byte{lead}, []byte(name)), ':')))
		switch oids[i] {
		case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.NumericOID, pgtype.Float4OID, pgtype.Float8OID:
			j.kinds[i] = jsonNumber
		case pgtype.BoolOID:
			j.kinds[i] = jsonBool
		case pgtype.JSONOID, pgtype.JSONBOID:
			j.kinds[i] = jsonRaw
		}
	}
	return j
}

// Append implements [Writer].
func (j *JSON) Append(to []byte, values [][]byte) ([]byte, error) {
	if len(values) == 0 {
		return append(to, "{}"...), nil
	}
	for i, v := range values {
		to = append(to, j.names[i]...)
		switch {
		case j.kinds[i] == jsonRaw && string(bytes.TrimSpace(v)) == "null":
			return nil, unwritable("the JSON value null", j.columns[i], "A field that is null is read as NULL.", "Write NULL instead.")
		case v == nil:
			to = append(to, "null"...)
		case j.kinds[i] == jsonRaw && j.oneLine:
			to = append(to, v...)
			spaced(to[len(to)-len(v):])
		case j.kinds[i] == jsonRaw, j.kinds[i] == jsonNumber && isNumber(v):
			to = append(to, v...)
		case j.kinds[i] == jsonBool:
			to = append(to, map[bool]string{true: "true", false: "false"}[v[0] == 't']...)
		default:
			to = appendString(to, v)
		}
	}
	return append(to, '}'), nil
}

// spaced turns JSON's line ends, which are all between its tokens, into blanks.
func spaced(text []byte) {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
}

// isNumber tells the finite numbers that PostgreSQL prints from NaN and the
// infinities.
func isNumber(v []byte) bool {
	if len(v) > 1 && v[0] == '-' {
		v = v[1:]
	}
	return len(v) > 0 && v[0] >= '0' && v[0] <= '9'
}

const hexDigits = "0123456789abcdef"

// appendString appends text as a JSON string.
func appendString(to, text []byte) []byte {
	to = append(to, '"')
	from := 0
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' && c != utf8.RuneSelf-1 {
			continue
		}
		to = append(to, text[from:i]...)
		switch c {
		case '"', '\\':
			to = append(to, '\\', c)
		case '\n':
			to = append(to, `\n`...)
		case '\r':
			to = append(to, `\r`...)
		case '\t':
			to = append(to, `\t`...)
		default:
			to = append(to, `\u00`...)
			to = append(to, hexDigits[c>>4], hexDigits[c&15])
		}
		from = i + 1
	}
	to = append(to, text[from:]...)
	return append(to, '"')
}
