package agg

import "math/bits"

// The loops of tally, over rows that are not NULL. Each does all of what it can
// to a group's row while it has it: it is the row's way into the cache that
// takes the time.

func (t *tally) count(groups []uint32, rows []int32) {
	words, stride, at := t.rows.Words, t.rows.Stride, t.at
	for _, r := range rows {
		words[int(groups[r])*stride+at]++
	}
}

func (t *tally) add(groups []uint32, values []int64, rows []int32, fail Fail) {
	words, stride, at := t.rows.Words, t.rows.Stride, t.sum
	for _, r := range rows {
		w := &words[int(groups[r])*stride+at]
		sum, ok := plusInt(int64(*w), values[r])
		if !ok {
			bigintOutOfRange(groups[r], fail)
			continue
		}
		*w = uint64(sum)
	}
}

// countAndAdd is for a sum of 128 bits, which lies behind the count. Sums of as
// many bigints as anyone will ever read do not leave it.
func (t *tally) countAndAdd(groups []uint32, values []int64, rows []int32) {
	words, stride, at := t.rows.Words, t.rows.Stride, t.at
	for _, r := range rows {
		row := words[int(groups[r])*stride+at:]
		x := values[r]
		_ = row[2]
		row[0]++
		lo, carry := bits.Add64(row[1], uint64(x), 0)
		row[1] = lo
		row[2] += uint64(x>>63) + carry
	}
}

// takeAll is for a count, a sum of 128 bits, a least and a greatest value, which
// lie in this order.
func (t *tally) takeAll(groups []uint32, values []int64, rows []int32) {
	words, stride, at := t.rows.Words, t.rows.Stride, t.at
	for _, r := range rows {
		row := words[int(groups[r])*stride+at:]
		x := values[r]
		_ = row[4]
		row[0]++
		lo, carry := bits.Add64(row[1], uint64(x), 0)
		row[1] = lo
		row[2] += uint64(x>>63) + carry
		if x < int64(row[3]) {
			row[3] = uint64(x)
		}
		if x > int64(row[4]) {
			row[4] = uint64(x)
		}
	}
}

func (t *tally) takeLeast(groups []uint32, values []int64, rows []int32) {
	words, stride, at := t.rows.Words, t.rows.Stride, t.least
	for _, r := range rows {
		if w := &words[int(groups[r])*stride+at]; values[r] < int64(*w) {
			*w = uint64(values[r])
		}
	}
}

func (t *tally) takeGreatest(groups []uint32, values []int64, rows []int32) {
	words, stride, at := t.rows.Words, t.rows.Stride, t.greatest
	for _, r := range rows {
		if w := &words[int(groups[r])*stride+at]; values[r] > int64(*w) {
			*w = uint64(values[r])
		}
	}
}
