package aggregator

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// textKeys fills a vector with keys of 16 bytes out of n.
func textKeys(rng *rand.Rand, v *column.Vector, rows, n int) {
	v.Resize(rows)
	key := []byte("key:............")
	for r := range rows {
		binary.BigEndian.PutUint64(key[8:], uint64(rng.IntN(n)))
		v.SetBytes(r, key)
	}
}

// BenchmarkTable is the time to find a row's group among those that are there,
// hashing included.
func BenchmarkTable(b *testing.B) {
	for _, groups := range []int{100, 100_000, 5_000_000} {
		b.Run(fmt.Sprintf("groups=%.0e", float64(groups)), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			t := newTable([]datum.Type{datum.Text})
			ids := make([]uint32, column.BatchRows)
			v := column.New(datum.Text)
			key := []byte("key:............")
			for at := 0; at < groups; at += column.BatchRows {
				n := min(column.BatchRows, groups-at)
				v.Resize(n)
				for r := range n {
					binary.BigEndian.PutUint64(key[8:], uint64(at+r))
					v.SetBytes(r, key)
				}
				t.assign([]*column.Vector{v}, column.All(n), ids)
			}
			batches := make([]*column.Vector, 64)
			for i := range batches {
				batches[i] = column.New(datum.Text)
				textKeys(rng, batches[i], column.BatchRows, groups)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				t.assign(batches[i%64:i%64+1], column.All(column.BatchRows), ids)
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchRows, "ns/row")
			if t.groups != groups {
				b.Fatalf("%d groups", t.groups)
			}
		})
	}
}

// BenchmarkAdd is the bench's query qa without decoding: a text key, count, sum,
// avg, min and max.
func BenchmarkAdd(b *testing.B) {
	for _, groups := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("groups=%.0e", float64(groups)), func(b *testing.B) {
			v, batches := benchView(b, groups, 1)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				add(b, v, batches[i%len(batches)], column.All(column.BatchRows))
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchRows, "ns/row")
		})
	}
}

func benchView(b *testing.B, groups, shards int) (*View, []*column.Batch) {
	b.Helper()
	x := tame(datum.Int8)
	plan := &query.Plan{Keys: keys(tame(datum.Text)), Aggregates: []query.Aggregate{
		aggregate("count", nil, nil), aggregate("sum", x, nil), aggregate("count", x, nil), aggregate("min", x, nil), aggregate("max", x, nil),
	}}
	rng := rand.New(rand.NewPCG(2, 2))
	batches := make([]*column.Batch, max(1, min(64, groups/column.BatchRows)))
	for i := range batches {
		batches[i] = &column.Batch{Rows: column.BatchRows, Columns: make([]*column.Vector, 2*len(datum.Types())+2)}
		text, number := column.New(datum.Text), column.New(datum.Int8)
		textKeys(rng, text, column.BatchRows, groups)
		number.Resize(column.BatchRows)
		for r := range column.BatchRows {
			number.SetInt(r, int64(rng.IntN(1_000_000)))
		}
		batches[i].Columns[2*int(datum.Text)+1], batches[i].Columns[2*int(datum.Int8)+1] = text, number
	}
	return newView(b, plan, shards), batches
}

// BenchmarkFlush is a flush from groups to encoded blocks and on to an owner's
// sorted rows.
func BenchmarkFlush(b *testing.B) {
	v, batches := benchView(b, 100_000, 8)
	for _, batch := range batches {
		add(b, v, batch, column.All(column.BatchRows))
	}
	var data []byte
	b.Run("op=blocks", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			err := v.Blocks(partial.FlushID{}, nil, roomy, func(_ topology.GroupHash, block *partial.Block) error {
				data = partial.Append(data[:0], block)
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(v.Groups()), "ns/group")
	})
	blocks := encoded(b, v, roomy)
	b.Run("op=merge", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, m := range owners(b, v.plan, 8, blocks) {
				rowsOf(b, m)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(v.Groups()), "ns/group")
	})
}
