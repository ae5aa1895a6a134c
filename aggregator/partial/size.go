package partial

import (
	"encoding/binary"
	"math/bits"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// MaxSize returns an upper bound of the bytes that Append writes for b.
func MaxSize(b *Block) int {
	size := HeaderSize(len(b.Ranges), len(b.Keys)+len(b.States))
	for _, vectors := range [][]*column.Vector{b.Keys, b.States} {
		for _, v := range vectors {
			size += vectorSize(v, b.Groups)
		}
	}
	for _, e := range b.Errors {
		size += ErrorSize(e.Err)
	}
	return size
}

// vectorSize is the sum of the ValueSizes of a vector's rows.
func vectorSize(v *column.Vector, rows int) int {
	size := 0
	if v.Type.Physical() == datum.PhysInt && full(v.Valid, rows) { // nearly always
		for _, x := range v.Ints[:rows] {
			size += varintLen(x)
		}
		return size + rows
	}
	for r := range rows {
		size += ValueSize(v, r)
	}
	return size
}

// HeaderSize returns an upper bound of the bytes that a block takes without
// its groups. A block of groups with these sizes takes no more than the sum:
// HeaderSize and, for each group, the ValueSize of its keys and states and the
// ErrorSize of its error.
func HeaderSize(ranges, vectors int) int {
	const fixed = prefix + 16 + 16 + 8
	const rangeSize = 16 + 4*binary.MaxVarintLen64
	const vectorSize = 1 + 1 + 1 // type, form, the validity's last byte
	return fixed + 8*binary.MaxVarintLen64 + ranges*rangeSize + vectors*vectorSize
}

// ValueSize returns an upper bound of the bytes that a row of a vector takes in
// a block, one for its bit of the validity included.
func ValueSize(v *column.Vector, row int) int {
	if v.IsNull(row) {
		return 1
	}
	switch v.Type.Physical() {
	case datum.PhysInt:
		return 1 + varintLen(v.Ints[row])
	case datum.PhysFloat:
		return 1 + 8
	case datum.PhysBytes:
		return 1 + binary.MaxVarintLen32 + int(v.Slices[row].Len)
	default:
		s := v.Spans[row]
		return 1 + varintLen(int64(s.Months)) + varintLen(int64(s.Days)) + varintLen(s.Micros)
	}
}

// ErrorSize returns an upper bound of the bytes that a group's error takes in a
// block.
func ErrorSize(err *datum.Error) int {
	return 6*binary.MaxVarintLen64 + len(err.Code) + len(err.Message) + len(err.Detail) + len(err.Hint)
}

// varintLen is the length of a zigzag varint.
func varintLen(x int64) int {
	u := uint64(x<<1) ^ uint64(x>>63)
	return (bits.Len64(u|1) + 6) / 7
}
