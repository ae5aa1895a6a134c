package query

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
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
	switch t.Physical() {
	case datum.PhysInt, datum.PhysFloat:
		if len(data) < 8 {
			return nil, errConstant
		}
		appendWord(v, binary.LittleEndian.Uint64(data))
	case datum.PhysInterval:
		if len(data) != 16 {
			return nil, errConstant
		}
		v.AppendSpan(datum.Span{
			Micros: int64(binary.LittleEndian.Uint64(data)),
			Days:   int32(binary.LittleEndian.Uint32(data[8:])),
			Months: int32(binary.LittleEndian.Uint32(data[12:])),
		})
	default:
		return v, appendVarlena(v, data)
	}
	return v, nil
}

// appendWord adds a value that PostgreSQL passes in a machine word.
func appendWord(v *column.Vector, word uint64) {
	switch v.Type {
	case datum.Bool:
		v.AppendInt(int64(word & 1))
	case datum.Int2:
		v.AppendInt(int64(int16(word)))
	case datum.Int4, datum.Date:
		v.AppendInt(int64(int32(word)))
	case datum.Float4:
		v.AppendFloat(float64(math.Float32frombits(uint32(word))))
	case datum.Float8:
		v.AppendFloat(math.Float64frombits(word))
	default:
		v.AppendInt(int64(word))
	}
}

// appendVarlena adds a text or a numeric: four bytes of length times four, then
// the value.
func appendVarlena(v *column.Vector, data []byte) error {
	if len(data) < 4 || binary.LittleEndian.Uint32(data) != uint32(len(data))<<2 {
		return errConstant
	}
	if v.Type == datum.Text {
		return appendText(v, data[4:])
	}
	d, ok := datum.DecimalFromDatum(data)
	if !ok {
		return errConstant
	}
	v.AppendBytes(datum.AppendDecimal(nil, d))
	return nil
}

func appendText(v *column.Vector, text []byte) error {
	if !utf8.Valid(text) {
		return errConstant
	}
	v.AppendBytes(text)
	return nil
}
