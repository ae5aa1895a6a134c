package sink

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// vectorParam is a statement's array parameter: rows [from, to) of a vector. It is
// written into the message in PostgreSQL's binary form directly; pgx's own array
// codec would box each value.
type vectorParam struct {
	v        *column.Vector
	from, to int
	void     column.Bitmap // rows whose value is sent as NULL; nil for none
}

// hashParam is a uuid[] parameter, int4Param an int4[], int8Param an int8[].
type (
	hashParam [][16]byte
	int4Param []int32
	int8Param []int64
)

// roomyParam is a hashParam that is the first of a statement's parameters: it makes
// room for the others, which pgx appends to the same buffer. Without it the
// buffer grows and is copied at each.
type roomyParam struct {
	hashParam
	room int
}

// binaryArray is a parameter that writes itself.
type binaryArray interface {
	appendArray(dst []byte) ([]byte, error)
}

// vectorCodec adds our parameters to the codec that pgx has for an array type.
type vectorCodec struct{ pgtype.Codec }

// PreferredFormat is binary, also for text[], which pgx would send as text.
func (vectorCodec) PreferredFormat() int16 { return pgtype.BinaryFormatCode }

// PlanEncode knows our parameters in binary form and leaves the rest to pgx.
func (c vectorCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ours := value.(binaryArray); ours && format == pgtype.BinaryFormatCode {
		return binaryPlan{}
	}
	return c.Codec.PlanEncode(m, oid, format, value)
}

type binaryPlan struct{}

func (binaryPlan) Encode(value any, buf []byte) ([]byte, error) {
	return value.(binaryArray).appendArray(buf)
}

// registerVectors teaches a new connection our parameters.
func registerVectors(_ context.Context, conn *pgx.Conn) error {
	m := conn.TypeMap()
	for _, name := range []string{
		"_bool", "_int2", "_int4", "_int8", "_float4", "_float8", "_numeric", "_text",
		"_date", "_timestamp", "_timestamptz", "_interval", "_uuid",
		"_bytea", "_bpchar", "_time", "_json", "_jsonb", "_inet", "_cidr",
	} {
		t, ok := m.TypeForName(name)
		if !ok {
			return fmt.Errorf("bug: pgx does not know the type %s", name)
		}
		m.RegisterType(&pgtype.Type{Name: t.Name, OID: t.OID, Codec: vectorCodec{t.Codec}})
	}
	return nil
}

const uuidOID = 2950

// appendHeader starts an array of one dimension (array_recv in PostgreSQL's
// arrayfuncs.c): dimensions, has NULLs, element type, length, lower bound.
func appendHeader(dst []byte, oid uint32, n int) []byte {
	dst = binary.BigEndian.AppendUint32(dst, 1)
	dst = binary.BigEndian.AppendUint32(dst, 1)
	dst = binary.BigEndian.AppendUint32(dst, oid)
	dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	return binary.BigEndian.AppendUint32(dst, 1)
}

const headerBytes = 20

func (h hashParam) appendArray(dst []byte) ([]byte, error) {
	dst = appendHeader(slices.Grow(dst, headerBytes+20*len(h)), uuidOID, len(h))
	for i := range h {
		dst = append(binary.BigEndian.AppendUint32(dst, 16), h[i][:]...)
	}
	return dst, nil
}

func (p *roomyParam) appendArray(dst []byte) ([]byte, error) {
	return p.hashParam.appendArray(slices.Grow(dst, headerBytes+20*len(p.hashParam)+p.room))
}

func (p int4Param) appendArray(dst []byte) ([]byte, error) {
	dst = appendHeader(slices.Grow(dst, headerBytes+8*len(p)), datum.Int4.OID(), len(p))
	for _, x := range p {
		dst = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(dst, 4), uint32(x))
	}
	return dst, nil
}

func (p int8Param) appendArray(dst []byte) ([]byte, error) {
	dst = appendHeader(slices.Grow(dst, headerBytes+12*len(p)), datum.Int8.OID(), len(p))
	return appendInt8s(dst, p), nil
}

// size is about how many bytes appendArray writes, hardly ever less.
func (p *vectorParam) size() int {
	n := p.to - p.from
	switch p.v.Type {
	case datum.Text, datum.Bytea, datum.Bpchar, datum.JSON, datum.JSONB, datum.Enum, datum.Other:
		if p.from == 0 && p.to == p.v.Len() {
			return headerBytes + 4*n + len(p.v.Arena)
		}
		return headerBytes + 36*n
	case datum.Numeric, datum.Interval, datum.UUID:
		return headerBytes + 20*n
	}
	if p.v.Type.Physical() == datum.PhysBytes { // arrays as text, addresses
		return headerBytes + 36*n
	}
	return headerBytes + 12*n
}

func (p *vectorParam) appendArray(dst []byte) ([]byte, error) {
	return p.appendElements(appendHeader(slices.Grow(dst, p.size()), p.v.Type.Sent().OID(), p.to-p.from)), nil
}

// joinedParam is one array of several stretches of vectors of one type.
type joinedParam []*vectorParam

func (p joinedParam) appendArray(dst []byte) ([]byte, error) {
	n := 0
	for _, part := range p {
		n += part.to - part.from
	}
	dst = appendHeader(dst, p[0].v.Type.Sent().OID(), n)
	for _, part := range p {
		dst = part.appendElements(slices.Grow(dst, part.size()))
	}
	return dst, nil
}

func (p *vectorParam) appendElements(dst []byte) []byte {
	if p.void == nil && p.full() {
		switch p.v.Type {
		case datum.Int8, datum.Timestamp, datum.TimestampTZ, datum.Time:
			return appendInt8s(dst, p.v.Ints[p.from:p.to])
		case datum.Text, datum.Bytea, datum.Bpchar, datum.UUID, datum.JSON, datum.Enum, datum.Other:
			for row := p.from; row < p.to; row++ {
				x := p.v.Bytes(row)
				dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(x))), x...)
			}
			return dst
		case datum.Numeric:
			for row := p.from; row < p.to; row++ {
				dst = appendNumeric(dst, p.v.Bytes(row))
			}
			return dst
		}
	}
	for row := p.from; row < p.to; row++ {
		if p.v.IsNull(row) || p.void != nil && p.void.Get(row-p.from) {
			dst = binary.BigEndian.AppendUint32(dst, math.MaxUint32)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = appendValue(dst, p.v, row)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

// full reports whether none of the rows is NULL.
func (p *vectorParam) full() bool {
	for row := p.from; row < p.to; row++ {
		if row%64 == 0 && row+64 <= p.to && p.v.Valid[row/64] == math.MaxUint64 {
			row += 63
		} else if p.v.IsNull(row) {
			return false
		}
	}
	return true
}

// appendInt8s writes an array's elements.
func appendInt8s(dst []byte, values []int64) []byte {
	at := len(dst)
	dst = slices.Grow(dst, 12*len(values))[:at+12*len(values)]
	for _, x := range values {
		element := dst[at : at+12 : at+12]
		binary.BigEndian.PutUint32(element, 8)
		binary.BigEndian.PutUint64(element[4:], uint64(x))
		at += 12
	}
	return dst
}

// appendNumeric writes an array's element. A whole number, which nearly all sums
// are, needs neither a Decimal nor its digits as text.
func appendNumeric(dst, encoded []byte) []byte {
	d := datum.DecodeDecimal(encoded)
	if x, scale, ok := d.Small(); ok && scale == 0 {
		return appendWhole(dst, x)
	}
	at := len(dst)
	dst = datum.AppendDecimalWire(append(dst, 0, 0, 0, 0), d)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// appendWhole is appendNumeric of a whole number (numeric_recv: the number of
// digits in base 10,000, the weight of the first, sign, scale, digits).
func appendWhole(dst []byte, x int64) []byte {
	sign, rest := uint64(0), uint64(x)
	if x < 0 {
		sign, rest = 0x4000, -rest
	}
	var digits [5]uint16 // the last first
	n, zeros := 0, 0     // zeros: how many of the last digits are 0, which are left out
	for ; rest > 0; n++ {
		digits[n] = uint16(rest % 10_000)
		rest /= 10_000
		if digits[n] == 0 && zeros == n {
			zeros++
		}
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(8+2*(n-zeros)))
	weight := uint64(max(n-1, 0))
	dst = binary.BigEndian.AppendUint64(dst, uint64(n-zeros)<<48|weight<<32|sign<<16)
	for i := n - 1; i >= zeros; i-- {
		dst = binary.BigEndian.AppendUint16(dst, digits[i])
	}
	return dst
}

// appendValue writes a value as the receive function of the type reads it that it
// is sent as.
func appendValue(dst []byte, v *column.Vector, row int) []byte {
	switch v.Type {
	case datum.Bool:
		return append(dst, byte(v.Ints[row]))
	case datum.Int2:
		return binary.BigEndian.AppendUint16(dst, uint16(v.Ints[row]))
	case datum.Int4, datum.Date:
		return binary.BigEndian.AppendUint32(dst, uint32(v.Ints[row]))
	case datum.Int8, datum.Timestamp, datum.TimestampTZ, datum.Time:
		return binary.BigEndian.AppendUint64(dst, uint64(v.Ints[row]))
	case datum.Float4:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(v.Floats[row])))
	case datum.Float8:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.Floats[row]))
	case datum.Numeric:
		return datum.AppendDecimalWire(dst, datum.DecodeDecimal(v.Bytes(row)))
	case datum.Text:
		return append(dst, v.Bytes(row)...)
	case datum.Interval:
		s := v.Spans[row]
		dst = binary.BigEndian.AppendUint64(dst, uint64(s.Micros))
		dst = binary.BigEndian.AppendUint32(dst, uint32(s.Days))
		return binary.BigEndian.AppendUint32(dst, uint32(s.Months))
	}
	if v.Type.IsArray() {
		return datum.AppendOutput(dst, v.Type, v.Bytes(row), nil)
	}
	return datum.AppendWire(dst, v.Type, v.Bytes(row))
}
