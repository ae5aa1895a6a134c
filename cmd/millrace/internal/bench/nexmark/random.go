package nexmark

import "math/bits"

// random is splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
// Generators, 2014).
type random uint64

// seeded returns the random numbers of one event: those of neighbours have
// nothing to do with each other, because the number is mixed before it counts.
func seeded(number int64) random {
	r := random(number)
	return random(r.next())
}

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	x := uint64(*r)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below returns a number from 0 to n-1.
func (r *random) below(n int64) int64 {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int64(high)
}

// letters are as many as one random number holds: 26^13 is less than 2^63.
const letters = 13

// appendLetters writes n letters.
func (r *random) appendLetters(b []byte, n int64) []byte {
	for n > 0 {
		x := r.next()
		for range min(n, letters) {
			b = append(b, byte('a'+x%26))
			x /= 26
		}
		n -= letters
	}
	return b
}

// appendWords writes 3 to most-1 letters, one in 13 a gap, but none at the ends.
func (r *random) appendWords(b []byte, most int64, gap byte) []byte {
	n := 3 + r.below(most-3)
	for i := range n {
		c := byte('a' + r.below(26))
		if i > 0 && i < n-1 && r.below(13) == 0 {
			c = gap
		}
		b = append(b, c)
	}
	return b
}

// appendExtra writes letters that bring a record of a size to the mean size that
// Nexmark wants of its kind, give or take a fifth.
func (r *random) appendExtra(b []byte, size, mean int64) []byte {
	if size > mean {
		return b
	}
	delta := (mean - size + 2) / 5
	if delta == 0 {
		return r.appendLetters(b, mean-size)
	}
	return r.appendLetters(b, mean-size-delta+r.below(2*delta))
}
