package aggregator

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// keyBatch holds the canonical keys of a batch's rows and their hashes, one
// after the other in the order of the selection.
type keyBatch struct {
	bytes  []byte
	ends   []int // of each key in bytes
	hashes []uint64
}

// fill encodes and hashes the keys of the given rows.
func (k *keyBatch) fill(keys []*column.Vector, rows []int32) {
	k.bytes = k.bytes[:0]
	k.ends = slices.Grow(k.ends[:0], len(rows))
	if len(keys) == 1 {
		k.encodeOne(keys[0], rows)
	} else {
		k.encodeMany(keys, rows)
	}
	k.hashes = slices.Grow(k.hashes[:0], len(rows))
	start := 0
	for _, end := range k.ends {
		k.hashes = append(k.hashes, xxhash.Sum64(k.bytes[start:end]))
		start = end
	}
}

// encodeOne is encodeMany for one key, with the type looked at once a batch.
func (k *keyBatch) encodeOne(v *column.Vector, rows []int32) {
	bytes, ends := k.bytes, k.ends
	switch v.Type.Physical() {
	case datum.PhysInt:
		for _, r := range rows {
			if v.Valid.Get(int(r)) {
				bytes = datum.AppendKeyInt(bytes, v.Ints[r])
			} else {
				bytes = datum.AppendKeyNull(bytes)
			}
			ends = append(ends, len(bytes))
		}
	case datum.PhysBytes:
		if v.Type == datum.Text {
			for _, r := range rows {
				if v.Valid.Get(int(r)) {
					bytes = datum.AppendKeyText(bytes, v.Bytes(int(r)))
				} else {
					bytes = datum.AppendKeyNull(bytes)
				}
				ends = append(ends, len(bytes))
			}
			break
		}
		fallthrough
	default:
		for _, r := range rows {
			bytes = appendKey(bytes, v, r)
			ends = append(ends, len(bytes))
		}
	}
	k.bytes, k.ends = bytes, ends
}

func (k *keyBatch) encodeMany(keys []*column.Vector, rows []int32) {
	bytes, ends := k.bytes, k.ends
	for _, r := range rows {
		for _, v := range keys {
			bytes = appendKey(bytes, v, r)
		}
		ends = append(ends, len(bytes))
	}
	k.bytes, k.ends = bytes, ends
}

// appendKey appends the canonical encoding of one value.
func appendKey(dst []byte, v *column.Vector, row int32) []byte {
	if !v.Valid.Get(int(row)) {
		return datum.AppendKeyNull(dst)
	}
	switch v.Type.Physical() {
	case datum.PhysInt:
		return datum.AppendKeyInt(dst, v.Ints[row])
	case datum.PhysFloat:
		return datum.AppendKeyFloat(dst, v.Floats[row])
	case datum.PhysInterval:
		return datum.AppendKeySpan(dst, v.Spans[row])
	default:
		if v.Type == datum.Numeric {
			return datum.AppendKeyDecimal(dst, v.Bytes(int(row)))
		}
		return datum.AppendKeyText(dst, v.Bytes(int(row)))
	}
}
