package agg

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

func (x int128) big() *big.Int {
	b := new(big.Int).Lsh(big.NewInt(x.hi), 64)
	return b.Add(b, new(big.Int).SetUint64(x.lo))
}

// randomInt128 favours the edges: random bits, shifted down, often negated.
func randomInt128(rng *rand.Rand) int128 {
	x, _ := fromMagnitude(rng.IntN(2) == 0, rng.Uint64()>>1>>rng.IntN(64), rng.Uint64())
	switch rng.IntN(6) {
	case 0:
		return int128{^uint64(0), 1<<63 - 1}
	case 1:
		return int128{0, -1 << 63}
	case 2:
		return widen(int64(rng.Uint64()) >> rng.IntN(64))
	}
	return x
}

// TestInt128 compares the arithmetic with math/big's.
func TestInt128(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	fits := func(b *big.Int) bool { return b.Cmp(limit) < 0 && new(big.Int).Neg(b).Cmp(limit) <= 0 }
	for range 20000 {
		x, y, digits := randomInt128(rng), randomInt128(rng), rng.IntN(45)
		want := new(big.Int).Add(x.big(), y.big())
		if sum, ok := x.plus(y); ok != fits(want) || ok && sum.big().Cmp(want) != 0 {
			t.Fatalf("%v + %v = %v, %t; want %v", x.big(), y.big(), sum.big(), ok, want)
		}
		want.Mul(x.big(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
		shifted, ok := x.shifted(digits)
		if ok && shifted.big().Cmp(want) != 0 || !ok && fits(want) && x.hi != -1<<63 {
			t.Fatalf("%v · 10^%d = %v, %t; want %v", x.big(), digits, shifted.big(), ok, want)
		}
		if neg, hi, lo := x.magnitude(); x.hi != -1<<63 {
			if back, ok := fromMagnitude(neg, hi, lo); !ok || back != x {
				t.Fatalf("%v through its magnitude is %v, %t", x.big(), back.big(), ok)
			}
		}
	}
}
