package aggregator

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/internal/specimen"
	"github.com/millrace/millrace/topology"
)

// TestSorter sorts hashes that are spread evenly, all of a shard, crowded in few
// places and equal, whose lower halves decide.
func TestSorter(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var s sorter
	for _, n := range []int{0, 1, 2, 31, 32, 33, 1000, 20_000} {
		for name, hash := range map[string]func() uint64{
			"even": rng.Uint64, "shard": func() uint64 { return 7<<60 | rng.Uint64()>>4 }, "equal": func() uint64 { return 1 },
			"crowded": func() uint64 { return rng.Uint64N(3)<<60 + rng.Uint64N(20) }, "ends": func() uint64 { return -rng.Uint64N(2) },
		} {
			upper, lower := make([]topology.GroupHash, n), make([]uint64, n)
			want := make([][16]byte, n)
			for g := range n {
				upper[g], lower[g] = topology.GroupHash(hash()), rng.Uint64()
				want[g] = hash128(upper[g], lower[g])
			}
			slices.SortFunc(want, func(a, b [16]byte) int { return slices.Compare(a[:], b[:]) })
			got := make([][16]byte, 0, n)
			for _, g := range s.sort(upper, func(g uint32) uint64 { return lower[g] }) {
				got = append(got, hash128(upper[g], lower[g]))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d hashes, %s: not in order", n, name)
			}
		}
	}
}

// TestPieces: rows taken in pieces of any size, from one that is used again and
// again, are the rows taken at once.
func TestPieces(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 4))
		plan, batch := randomPlan(rng), randomBatch(rng, 1+rng.IntN(400))
		m := owners(t, plan, 1, scatter(t, rng, plan, batch, 1, topology.ReadOptimized))[0]
		whole := rowsOf(t, m)
		rows, err := m.Sorted()
		if err != nil {
			t.Fatal(err)
		}
		if rows.Len() != whole.Len() || len(rows.Errors) != len(whole.Errors) {
			t.Fatalf("seed %d: %d rows, %d in error, at once %d and %d", seed, rows.Len(), len(rows.Errors), whole.Len(), len(whole.Errors))
		}
		var of, same Piece
		for from := 0; from < rows.Len(); from = from + len(of.Hashes) {
			to := from + 1 + rng.IntN(rows.Len()-from)
			rows.Piece(from, to, &of)
			whole.Piece(from, to, &same)
			if !slices.Equal(of.Hashes, same.Hashes) || of.First != 0 || same.First != from {
				t.Fatalf("seed %d, rows [%d, %d): other hashes, from row %d", seed, from, to, of.First)
			}
			sameValues(t, of.Keys, same.Keys, from, len(of.Hashes))
			sameValues(t, of.States, same.States, from, len(of.Hashes))
		}
	}
}

func sameValues(t *testing.T, pieces, whole []*column.Vector, first, rows int) {
	t.Helper()
	for i, v := range pieces {
		for r := range rows {
			if got, want := specimen.Look(v, r), specimen.Look(whole[i], first+r); got != want {
				t.Fatalf("row %d of %v is %s, want %s", first+r, v.Type, got, want)
			}
		}
	}
}
