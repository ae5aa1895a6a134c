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

// hashParam is a uuid[] parameter.
type hashParam [][16]byte

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

func (p *vectorParam) appendArray(dst []byte) ([]byte, error) {
	n := p.to - p.from
	dst = appendHeader(slices.Grow(dst, headerBytes+20*n), p.v.Type.OID(), n)
	for row := p.from; row < p.to; row++ {
		if p.v.IsNull(row) || p.void != nil && p.void.Get(row) {
			dst = binary.BigEndian.AppendUint32(dst, math.MaxUint32)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = appendValue(dst, p.v, row)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst, nil
}

// appendValue writes a value as its type's receive function reads it.
func appendValue(dst []byte, v *column.Vector, row int) []byte {
	switch v.Type {
	case datum.Bool:
		return append(dst, byte(v.Ints[row]))
	case datum.Int2:
		return binary.BigEndian.AppendUint16(dst, uint16(v.Ints[row]))
	case datum.Int4, datum.Date:
		return binary.BigEndian.AppendUint32(dst, uint32(v.Ints[row]))
	case datum.Int8, datum.Timestamp, datum.TimestampTZ:
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
	panic(fmt.Sprintf("bug: vector of %v in a fold", v.Type))
}
