package format

import (
	"encoding/binary"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// quick says which values of a wanted field go the quick way: those that most
// records have, in one function from the bytes into the vector.
type quick uint8

const (
	notQuick quick = iota
	quickInt       // integers of less than eight digits
	quickText
	quickTimestamp // as PostgreSQL or ISO 8601 writes it
)

func quickFor(t *target) quick {
	switch {
	case t.twin >= 0:
	case t.Type == datum.Int8, t.Type == datum.Int4:
		return quickInt
	case t.Type == datum.Text && t.Typmod < 0:
		return quickText
	case t.Type == datum.Timestamp && t.Typmod < 0:
		return quickTimestamp
	}
	return notQuick
}

// quickValue decodes the value at v[i], where the word w is, into a field's row
// and returns the place behind it, or 0 without a change where it takes more.
func (d *JSON) quickValue(t *target, vec *column.Vector, row int, v []byte, i int, w uint64) int {
	c := byte(w)
	if t.quick == quickInt {
		digits := w ^ '0'*swar
		n := digitCount(digits)
		after := byte(w >> (8 * n & 63))
		if n == 0 || n == 8 || n > 1 && c == '0' || after == '.' || after|0x20 == 'e' {
			return 0
		}
		vec.SetInt(row, int64(leadingDigits(digits, n)))
		t.nonNull = true
		return i + n
	}
	if c != '"' {
		return 0
	}
	end, plain := scanString(v, i+1)
	if !plain {
		return 0
	}
	text := v[i+1 : end : len(v)]
	if t.quick == quickTimestamp {
		x, _, _, ok := d.dates.isoTimestamp(text)
		if !ok {
			return 0
		}
		vec.SetInt(row, x)
	} else if !vec.IsNull(row) {
		return 0
	} else if !shortBytes(vec, row, text) {
		vec.SetBytes(row, text)
	}
	t.nonNull = true
	return end + 1
}

// shortBytes is SetBytes for a text of at most 16 bytes that lies in a record with
// as many, if the arena has room for them: two words copied without asking how
// many bytes are wanted cost less than a call of memmove.
func shortBytes(vec *column.Vector, row int, text []byte) bool {
	at := len(vec.Arena)
	if len(text) > 16 || cap(text) < 16 || cap(vec.Arena)-at < 16 {
		return false
	}
	from, to := text[:16], vec.Arena[at:at+16]
	binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
	binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
	vec.Arena = vec.Arena[:at+len(text)]
	vec.Slices[row] = column.Slice{Off: uint32(at), Len: uint32(len(text))}
	vec.Valid.Set(row)
	return true
}
