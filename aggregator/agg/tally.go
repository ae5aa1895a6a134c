package agg

import (
	"math"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// tally is what aggregates keep of the same rows of the same argument: how many
// are not NULL, and the sum, the least and the greatest, whichever are asked
// for. They share the count (each is NULL where it is 0), and one pass over the
// rows updates them all. Sums, least and greatest are those of integers and
// what is kept as one.
//
// In a group's row it has the words
//
//	count | sum, or low and high half of a sum of 128 bits | least | greatest
type tally struct {
	rows                 *Rows
	at                   int // of the count; the places of the others, 0 for what is not kept:
	sum, least, greatest int

	wide    bool // the sum has 128 bits
	counted bool // the count is an aggregate's own, and merged as one

	valid []int32 // rows that are not NULL, where some are
}

// part says which of a tally's values an aggregate is.
type part uint8

const (
	noPart part = iota
	countPart
	sumPart     // in 64 bits, which it may leave
	wideSumPart // in 128 bits
	leastPart
	greatestPart
)

// member is one aggregate of a tally. Its first member updates all.
type member struct {
	tally *tally
	part  part
	first bool
}

// newTally returns the members of a tally in rows.
func newTally(rows *Rows, parts ...part) []Accumulator {
	t := &tally{rows: rows}
	members := make([]Accumulator, len(parts))
	asked := [greatestPart + 1]bool{}
	for i, p := range parts {
		members[i] = &member{t, p, i == 0}
		asked[p] = true
	}
	t.counted, t.wide = asked[countPart], asked[wideSumPart]
	t.at = rows.Reserve(0)
	switch {
	case asked[sumPart]:
		t.sum = rows.Reserve(0)
	case asked[wideSumPart]:
		t.sum = rows.Reserve(0, 0)
	}
	if asked[leastPart] {
		t.least = rows.Reserve(math.MaxInt64)
	}
	if asked[greatestPart] {
		t.greatest = rows.Reserve(1 << 63) // math.MinInt64
	}
	return members
}

// alone makes an accumulator with rows of its own.
func alone(p part) func() Accumulator {
	return func() Accumulator { return newTally(&Rows{}, p)[0] }
}

func (m *member) Grow(groups int) { m.tally.rows.Grow(groups) }

func (m *member) Update(groups []uint32, arg *column.Vector, rows []int32, fail Fail) {
	t := m.tally
	switch {
	case !m.first:
		return
	case arg == nil:
		t.count(groups, rows)
		return
	case arg.HasNulls():
		t.valid = t.valid[:0]
		for _, r := range rows {
			if arg.Valid.Get(int(r)) {
				t.valid = append(t.valid, r)
			}
		}
		rows = t.valid
	}
	t.update(groups, arg.Ints, rows, fail)
}

// update takes rows none of which is NULL.
func (t *tally) update(groups []uint32, values []int64, rows []int32, fail Fail) {
	if t.wide && t.least > 0 && t.greatest > 0 {
		t.takeAll(groups, values, rows)
		return
	}
	if t.wide {
		t.countAndAdd(groups, values, rows)
	} else {
		t.count(groups, rows)
	}
	if t.sum > 0 && !t.wide {
		t.add(groups, values, rows, fail)
	}
	if t.least > 0 {
		t.takeLeast(groups, values, rows)
	}
	if t.greatest > 0 {
		t.takeGreatest(groups, values, rows)
	}
}

// Merge of a count cannot overflow: each is that of records which were read.
func (m *member) Merge(groups []uint32, states []*column.Vector, fail Fail) {
	t, state := m.tally, states[0]
	words, stride := t.rows.Words, t.rows.Stride
	for i, g := range groups {
		if !state.Valid.Get(i) {
			continue
		}
		row := words[int(g)*stride:][:stride]
		switch m.part {
		case countPart:
			row[t.at] += uint64(state.Ints[i])
			continue
		case sumPart:
			sum, ok := plusInt(int64(row[t.sum]), state.Ints[i])
			if !ok {
				bigintOutOfRange(g, fail)
				continue
			}
			row[t.sum] = uint64(sum)
		case wideSumPart:
			if !addDecimal(row[t.sum:t.sum+2], datum.DecodeDecimal(state.Bytes(i))) {
				fail(g, datum.Errorf(datum.CodeOutOfRange, "value overflows numeric format"))
				continue
			}
		case leastPart:
			row[t.least] = uint64(min(int64(row[t.least]), state.Ints[i]))
		case greatestPart:
			row[t.greatest] = uint64(max(int64(row[t.greatest]), state.Ints[i]))
		}
		if !t.counted {
			row[t.at] = 1
		}
	}
}

// addDecimal adds an integer to a sum of 128 bits; it changes nothing and
// returns false where x is none or the sum does not fit.
func addDecimal(sum []uint64, x datum.Decimal) bool {
	neg, hi, lo, scale, ok := x.Parts()
	if !ok || scale != 0 {
		return false
	}
	y, ok := fromMagnitude(neg, hi, lo)
	if !ok {
		return false
	}
	z, ok := int128{sum[0], int64(sum[1])}.plus(y)
	if ok {
		sum[0], sum[1] = z.lo, uint64(z.hi)
	}
	return ok
}

func (m *member) Append(to []*column.Vector, groups []uint32) {
	t, out := m.tally, to[0]
	first := out.Extend(len(groups))
	switch m.part {
	case countPart:
		t.appendCounts(out, first, groups)
	case sumPart:
		t.appendInts(out, first, groups, t.sum)
	case wideSumPart:
		t.appendSums(out, first, groups)
	case leastPart:
		t.appendInts(out, first, groups, t.least)
	default:
		t.appendInts(out, first, groups, t.greatest)
	}
}

func (t *tally) appendCounts(out *column.Vector, first int, groups []uint32) {
	words, stride, at := t.rows.Words, t.rows.Stride, t.at
	values := out.Ints[first:]
	for i, g := range groups {
		values[i] = int64(words[int(g)*stride+at])
		out.Valid.Set(first + i)
	}
}

func (t *tally) appendInts(out *column.Vector, first int, groups []uint32, at int) {
	words, stride, count := t.rows.Words, t.rows.Stride, t.at
	values := out.Ints[first:]
	for i, g := range groups {
		if row := words[int(g)*stride:][:stride]; row[count] != 0 {
			values[i] = int64(row[at])
			out.Valid.Set(first + i)
		}
	}
}

func (t *tally) appendSums(out *column.Vector, first int, groups []uint32) {
	words, stride := t.rows.Words, t.rows.Stride
	places, arena := out.Slices[first:], out.Arena
	for i, g := range groups {
		row := words[int(g)*stride:][:stride]
		if row[t.at] == 0 {
			continue
		}
		start, sum := len(arena), int128{row[t.sum], int64(row[t.sum+1])}
		if sum.hi == int64(sum.lo)>>63 { // a bigint, nearly always
			arena = datum.AppendDecimal(arena, datum.DecimalFromInt(int64(sum.lo)))
		} else {
			neg, hi, lo := sum.magnitude()
			arena = datum.AppendDecimal(arena, datum.DecimalFromParts(neg, hi, lo, 0))
		}
		places[i] = column.Slice{Off: uint32(start), Len: uint32(len(arena) - start)}
		out.Valid.Set(first + i)
	}
	out.Arena = arena
}

func (m *member) Reset() { m.tally.rows.Reset() }

func (m *member) Memory() int {
	words := 1
	switch m.part {
	case countPart, sumPart, leastPart, greatestPart:
	case wideSumPart:
		words = 2
	}
	if m.first && m.part != countPart {
		words++ // the count
	}
	return 8 * words * m.tally.rows.Len()
}

// plusInt returns x + y; ok is false where it overflows.
func plusInt(x, y int64) (sum int64, ok bool) {
	sum = x + y
	return sum, (x^sum)&(y^sum) >= 0
}

func bigintOutOfRange(group uint32, fail Fail) {
	fail(group, datum.Errorf(datum.CodeOutOfRange, "bigint out of range"))
}
