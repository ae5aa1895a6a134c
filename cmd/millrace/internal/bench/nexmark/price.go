package nexmark

import "math"

// prices are 100 × 10^(6 i / 4096): from one currency unit to a million, in
// hundredths.
type prices [1<<priceBits + 1]int64

const priceBits = 12

func newPrices() *prices {
	var p prices
	for i := range p {
		p[i] = int64(math.Round(100 * math.Pow(10, 6*float64(i)/(1<<priceBits))))
	}
	return &p
}

// of returns the price of a random number: a step by its first bits, and its way
// to the next step by its last 32.
func (p *prices) of(x uint64) int64 {
	i := x >> (64 - priceBits)
	return p[i] + (p[i+1]-p[i])*int64(x&math.MaxUint32)>>32
}
