package query

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// unknownOID is the type of a literal that nothing gave a type to, such as an
// argument of concat(): a C string.
const unknownOID = 705

var errConstant = errors.New("not a constant of a native type")

// constant decodes a Const of the tree into a vector of one row. Its bytes are
// those of PostgreSQL's memory: little-endian on every machine that it is built
// for today but s390x and old powerpc, which the analyser refuses.
func constant(n *node) (*column.Vector, error) {
	t, ok := datum.TypeOf(n.oid("consttype"))
	if n.oid("consttype") == unknownOID {
		t, ok = datum.Text, true
	}
	if !ok {
		return nil, errConstant
	}
	v := column.New(t)
	if n.flag("constisnull") {
		v.AppendNull()
		return v, nil
	}
	data := n.get("constvalue").bytes
	if n.oid("consttype") == unknownOID {
		return v, appendText(v, bytes.TrimSuffix(data, []byte{0}))
	}
	if t == datum.Text {
		if len(data) < 4 || binary.LittleEndian.Uint32(data) != uint32(len(data))<<2 {
			return nil, errConstant
		}
		return v, appendText(v, data[4:])
	}
	value, ok := datum.AppendFromMemory(nil, t, data)
	if !ok {
		return nil, errConstant
	}
	v.AppendValue(value)
	return v, nil
}

func appendText(v *column.Vector, text []byte) error {
	if !utf8.Valid(text) {
		return errConstant
	}
	v.AppendBytes(text)
	return nil
}
