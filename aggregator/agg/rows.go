package agg

import "slices"

// Rows is memory in which a table's groups have a row of words each, group by
// group. What belongs to one group lies side by side: where there are more
// groups than a cache holds, all states of a group cost one miss or two, and
// not one for each aggregate.
//
// Every user reserves words first; then rows are added, and Words[g*Stride+at]
// is the word of group g that Reserve handed out as at.
type Rows struct {
	Words  []uint64
	Stride int // words of a row

	fresh []uint64 // the row of a new group
}

// Reserve adds words to every row to come, which begin as given, and returns
// the place of the first. There must not be a row yet.
func (r *Rows) Reserve(words ...uint64) (at int) {
	if len(r.Words) > 0 {
		panic("bug: words reserved in rows that are there already")
	}
	at = r.Stride
	r.fresh = append(r.fresh, words...)
	r.Stride = len(r.fresh)
	return at
}

// Add adds a row that begins with the given words, which somebody reserved.
func (r *Rows) Add(first []uint64) {
	at := len(r.Words)
	if cap(r.Words)-at < r.Stride {
		r.Words = slices.Grow(r.Words, r.Stride)
	}
	r.Words = r.Words[:at+r.Stride]
	row := r.Words[at:]
	copy(row, r.fresh)
	copy(row, first)
}

// Grow adds rows until there are n at least.
func (r *Rows) Grow(n int) {
	for len(r.Words) < n*r.Stride {
		r.Words = append(r.Words, r.fresh...)
	}
}

// Len returns the number of rows.
func (r *Rows) Len() int {
	if r.Stride == 0 {
		return 0
	}
	return len(r.Words) / r.Stride
}

// Reset forgets all rows and keeps the memory.
func (r *Rows) Reset() { r.Words = r.Words[:0] }
