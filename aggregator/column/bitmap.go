package column

// Bitmap is a set of rows, one bit each, 64 to a word, lowest bit first.
// In a vector's validity a set bit means "not NULL".
type Bitmap []uint64

// Words returns how many words hold n bits.
func Words(n int) int { return (n + 63) >> 6 }

// Get reports whether row is in the set.
func (b Bitmap) Get(row int) bool { return b[row>>6]&(1<<(row&63)) != 0 }

// Set puts row into the set.
func (b Bitmap) Set(row int) { b[row>>6] |= 1 << (row & 63) }

// Clear takes row out of the set.
func (b Bitmap) Clear(row int) { b[row>>6] &^= 1 << (row & 63) }

// Fill makes the set {0, …, n-1}.
func (b Bitmap) Fill(n int) {
	for i := range b {
		b[i] = ^uint64(0)
	}
	if rest := n & 63; rest != 0 && len(b) > 0 {
		b[len(b)-1] = 1<<rest - 1
	}
}
