package partial

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// Version is the format's version that Append writes, a block's first byte.
const Version = 1

// prefix is the length of version and checksum.
const prefix = 1 + 8

// Append encodes a block in the format's newest version and appends it to dst.
func Append(dst []byte, b *Block) []byte {
	start := len(dst)
	dst = append(dst, Version)
	dst = append(dst, make([]byte, prefix-1)...)
	dst = appendHeader(dst, b)
	dst = binary.AppendUvarint(dst, uint64(len(b.Keys)))
	dst = binary.AppendUvarint(dst, uint64(len(b.States)))
	for _, v := range b.Keys {
		dst = appendVector(dst, v, b.Groups)
	}
	for _, v := range b.States {
		dst = appendVector(dst, v, b.Groups)
	}
	dst = appendErrors(dst, b.Errors)
	binary.LittleEndian.PutUint64(dst[start+1:], xxhash.Sum64(dst[start+prefix:]))
	return dst
}

func appendHeader(dst []byte, b *Block) []byte {
	dst = append(dst, b.View[:]...)
	dst = binary.AppendUvarint(dst, uint64(b.Shard))
	dst = append(dst, b.Flush.Lane[:]...)
	dst = binary.AppendUvarint(dst, b.Flush.Seq)
	dst = binary.AppendUvarint(dst, uint64(b.Part))
	dst = binary.AppendUvarint(dst, uint64(b.Parts))
	dst = binary.LittleEndian.AppendUint64(dst, b.Schema)
	dst = binary.AppendUvarint(dst, uint64(len(b.Ranges)))
	for i := range b.Ranges {
		r := &b.Ranges[i]
		dst = append(dst, r.Topic[:]...)
		dst = binary.AppendUvarint(dst, uint64(r.Partition))
		dst = binary.AppendVarint(dst, r.From)
		dst = binary.AppendUvarint(dst, uint64(r.To-r.From))
		dst = binary.AppendVarint(dst, r.MaxTime)
	}
	return binary.AppendUvarint(dst, uint64(b.Groups))
}

// The forms of a vector.
const (
	formFull  = 0 // no row is NULL
	formNulls = 1 // a validity bitmap comes first
)

func appendVector(dst []byte, v *column.Vector, rows int) []byte {
	if v.Len() != rows {
		panic(fmt.Sprintf("bug: vector of %d rows in a block of %d groups", v.Len(), rows))
	}
	dst = append(dst, wireType(v.Type))
	if full(v.Valid, rows) {
		dst = append(dst, formFull)
	} else {
		dst = append(dst, formNulls)
		for i := range (rows + 7) / 8 {
			dst = append(dst, byte(v.Valid[i/8]>>(i%8*8)))
		}
	}
	switch v.Type.Physical() {
	case datum.PhysInt:
		return appendInts(dst, v, rows)
	case datum.PhysFloat:
		return appendFloats(dst, v, rows)
	case datum.PhysBytes:
		return appendBytes(dst, v, rows)
	default:
		return appendSpans(dst, v, rows)
	}
}

// full reports whether the first n bits are all set.
func full(valid column.Bitmap, n int) bool {
	for _, w := range valid[:n/64] {
		if w != math.MaxUint64 {
			return false
		}
	}
	rest := uint64(1)<<(n%64) - 1
	return rest == 0 || valid[n/64]&rest == rest
}

func appendInts(dst []byte, v *column.Vector, rows int) []byte {
	if full(v.Valid, rows) { // nearly always
		for _, x := range v.Ints[:rows] {
			dst = binary.AppendVarint(dst, x)
		}
		return dst
	}
	for r := range rows {
		if v.Valid.Get(r) {
			dst = binary.AppendVarint(dst, v.Ints[r])
		}
	}
	return dst
}

func appendFloats(dst []byte, v *column.Vector, rows int) []byte {
	for r := range rows {
		if v.Valid.Get(r) {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Floats[r]))
		}
	}
	return dst
}

func appendBytes(dst []byte, v *column.Vector, rows int) []byte {
	for r := range rows {
		if v.Valid.Get(r) {
			dst = binary.AppendUvarint(dst, uint64(v.Slices[r].Len))
		}
	}
	if inOrder(v, rows) {
		return append(dst, v.Arena...)
	}
	for r := range rows {
		if v.Valid.Get(r) {
			dst = append(dst, v.Bytes(r)...)
		}
	}
	return dst
}

// inOrder reports whether a vector's arena is just its rows' values one after
// another, as it is where they were appended.
func inOrder(v *column.Vector, rows int) bool {
	at := 0
	for r, s := range v.Slices[:rows] {
		if !v.Valid.Get(r) {
			continue
		}
		if int(s.Off) != at {
			return false
		}
		at += int(s.Len)
	}
	return at == len(v.Arena)
}

func appendSpans(dst []byte, v *column.Vector, rows int) []byte {
	for r := range rows {
		if v.Valid.Get(r) {
			s := v.Spans[r]
			dst = binary.AppendVarint(dst, int64(s.Months))
			dst = binary.AppendVarint(dst, int64(s.Days))
			dst = binary.AppendVarint(dst, s.Micros)
		}
	}
	return dst
}

func appendErrors(dst []byte, errs []GroupError) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(errs)))
	last := 0
	for _, e := range errs {
		dst = binary.AppendUvarint(dst, uint64(e.Group-last))
		last = e.Group
		for _, s := range [...]string{e.Err.Code, e.Err.Message, e.Err.Detail, e.Err.Hint} {
			dst = binary.AppendUvarint(dst, uint64(len(s)))
			dst = append(dst, s...)
		}
		dst = binary.AppendUvarint(dst, uint64(e.Err.Position))
	}
	return dst
}
