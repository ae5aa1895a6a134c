package agg

import (
	"slices"

	"github.com/millrace/millrace/aggregator/column"
)

// grown returns s with n elements at least, the new ones zero. Reset cuts s to
// length 0 and keeps its memory, so what is there must be cleared.
func grown[T any](s []T, n int) []T {
	old := len(s)
	if n <= old {
		return s
	}
	s = slices.Grow(s, n-old)[:n]
	clear(s[old:])
	return s
}

// grownBits is grown for a set of n group ids.
func grownBits(b column.Bitmap, n int) column.Bitmap { return grown(b, column.Words(n)) }
