package aggregator

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// TestFewGroups: rows of few groups, and of some more than that, find the groups that a
// map finds, also after the table has forgotten them.
func TestFewGroups(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		types := [][]datum.Type{{datum.Int8}, {datum.Text}, {datum.Int4, datum.Bool}, {datum.Float8}}[seed%4]
		table := newTable(types, len(types))
		for range 3 {
			different, ids := 1+rng.IntN(fewGroups+20), map[string]uint32{}
			for range 4 {
				rows := 1 + rng.IntN(3*chunk)
				keys, looks := make([]*column.Vector, len(types)), make([]string, rows)
				for i, typ := range types {
					keys[i] = column.New(typ)
				}
				for range rows {
					x := rng.IntN(different)

					for _, v := range keys {
						switch {
						case x == 0:
							v.AppendNull()
						case v.Type == datum.Text:
							v.AppendBytes(fmt.Appendf(nil, "%.*d", x%14, x)) // up to 15 bytes and longer ones are in doubt
						case v.Type == datum.Bool:
							v.AppendInt(int64(x % 2))
						case v.Type == datum.Float8:
							v.AppendFloat(float64(x))
						default:
							v.AppendInt(int64(x) << (x % 50))
						}
					}
				}
				for r := range rows {
					look := ""
					for _, v := range keys {
						look += string(appendKey(nil, v, int32(r)))
					}
					looks[r] = look
				}
				groups := make([]uint32, rows)
				table.assign(keys, column.All(rows), groups)
				for r, look := range looks {
					if _, ok := ids[look]; !ok {
						ids[look] = uint32(len(ids))
					}
					if groups[r] != ids[look] {
						t.Fatalf("seed %d, row %d: group %d, want %d", seed, r, groups[r], ids[look])
					}
				}
			}
			table.reset()
		}
	}
}

// BenchmarkFew is the time to find a row's group where there are few.
func BenchmarkFew(b *testing.B) {
	for _, typ := range []datum.Type{datum.Int8, datum.Text} {
		for _, groups := range []int{1, 8, 64, 1000} {
			b.Run(fmt.Sprintf("key=%v/groups=%d", typ, groups), func(b *testing.B) {
				rng := rand.New(rand.NewPCG(1, 1))
				t, ids := newTable([]datum.Type{typ}, 1), make([]uint32, column.BatchRows)
				batches := make([][]*column.Vector, 16)
				for i := range batches {
					v := column.New(typ)
					for range column.BatchRows {
						if g := rng.IntN(groups); typ == datum.Text {
							v.AppendBytes(fmt.Appendf(nil, "channel-%d", g*7919))
						} else {
							v.AppendInt(int64(g)*7 + 1000)
						}
					}
					batches[i] = []*column.Vector{v}
					t.assign(batches[i], column.All(column.BatchRows), ids)
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					t.assign(batches[i%len(batches)], column.All(column.BatchRows), ids)
					i++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchRows, "ns/row")
			})
		}
	}
}
