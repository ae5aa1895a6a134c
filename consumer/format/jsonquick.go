package format

import (
	"encoding/binary"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// quick says which values of a wanted field go the quick way, from the record's
// bytes straight into the vector: those that most records have.
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

// quickString gives the next row of a wanted field the plain string v[from:end];
// false, without a change, where it takes more than that.
func (d *JSON) quickString(b *column.Batch, k *key, v []byte, from, end int) bool {
	t, row := &d.targets[k.target], b.Rows
	if d.refused {
		return false
	}
	switch t.quick {
	case quickText:
		if !t.vec.IsNull(row) {
			return false
		}
		if text := v[from:end:len(v)]; !shortBytes(t.vec, row, text) {
			t.vec.SetBytes(row, text)
		}
	case quickTimestamp:
		x, _, _, ok := d.dates.isoTimestamp(v[from:end])
		if !ok {
			return false
		}
		t.vec.SetInt(row, x)
	default:
		return false
	}
	t.nonNull = true
	return true
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
