package aggregator

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
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
			t := newTable([]datum.Type{datum.Text}, 1)
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

// BenchmarkAdd is what a row costs from its decoded columns to the accumulators,
// all groups being there: the bench's queries qa (a text key; count, sum, avg,
// min and max) and q17 (auction and day; ten aggregates, half of them with a
// FILTER).
func BenchmarkAdd(b *testing.B) {
	for _, query := range []string{"qa", "q17"} {
		for _, groups := range []int{100, 10_000, 650_000, 5_000_000} {
			b.Run(fmt.Sprintf("query=%s/groups=%.1e", query, float64(groups)), func(b *testing.B) {
				plan := benchPlans[query]()
				v := newView(b, plan, 1)
				in := newBids()
				for at := 0; at < groups; at += column.BatchRows {
					n := min(column.BatchRows, groups-at)
					add(b, v, in.batch(n, func(row int) int { return at + row }), column.All(n))
				}
				rng := rand.New(rand.NewPCG(2, 2))
				batches := make([]*column.Batch, 64)
				for i := range batches {
					batches[i] = newBids().batch(column.BatchRows, func(int) int { return rng.IntN(groups) })
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					add(b, v, batches[i%len(batches)], column.All(column.BatchRows))
					i++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchRows, "ns/row")
				if v.Groups() != groups {
					b.Fatalf("%d groups", v.Groups())
				}
			})
		}
	}
}

// BenchmarkFill is a row's cost in a table that is emptied after so many rows,
// as a flush does: most of it where every row brings a group of its own.
func BenchmarkFill(b *testing.B) {
	const rows = 100 * column.BatchRows
	for _, query := range []string{"qa", "q17"} {
		for _, groups := range []int{10_000, 100_000, rows} {
			b.Run(fmt.Sprintf("query=%s/groups=%.1e", query, float64(groups)), func(b *testing.B) {
				v := newView(b, benchPlans[query](), 1)
				rng := rand.New(rand.NewPCG(2, 2))
				order := rng.Perm(rows)
				batches := make([]*column.Batch, rows/column.BatchRows)
				for i := range batches {
					batches[i] = newBids().batch(column.BatchRows, func(row int) int { return order[i*column.BatchRows+row] % groups })
				}
				b.ReportAllocs()
				for b.Loop() {
					for _, batch := range batches {
						add(b, v, batch, column.All(column.BatchRows))
					}
					if v.Groups() < groups {
						b.Fatalf("%d groups", v.Groups())
					}
					v.Reset()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			})
		}
	}
}

// BenchmarkViews is a row's cost in each of a hundred views over one stream, with
// and without their expressions evaluated together.
func BenchmarkViews(b *testing.B) {
	for _, query := range []string{"qa", "q17"} {
		for _, shared := range []bool{false, true} {
			b.Run(fmt.Sprintf("query=%s/shared=%v", query, shared), func(b *testing.B) {
				x, views := &Expressions{}, make([]*View, 100)
				for i := range views {
					views[i] = newView(b, benchPlans[query](), 1)
					if !shared {
						x = &Expressions{}
					}
					if err := views[i].Share(x, nil); err != nil {
						b.Fatal(err)
					}
				}
				rng := rand.New(rand.NewPCG(2, 2))
				batches := make([]*column.Batch, 64)
				for i := range batches {
					batches[i] = newBids().batch(column.BatchRows, func(int) int { return rng.IntN(10_000) })
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					for at, v := range views {
						if at == 0 || !shared {
							v.expressions.Begin(batches[i%len(batches)], column.All(column.BatchRows))
						}
						v.Take(func(_ int32, err *datum.Error) { b.Fatal(err) })
					}
					i++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchRows/100, "ns/row/view")
			})
		}
	}
}

// bids is a stream of Nexmark's bids: channel, auction, day and price.
type bids struct{ channel, auction, day, price *column.Vector }

func newBids() *bids {
	return &bids{column.New(datum.Text), column.New(datum.Int8), column.New(datum.Date), column.New(datum.Int8)}
}

// batch returns rows of the groups that of says.
func (in *bids) batch(rows int, of func(row int) int) *column.Batch {
	for _, v := range []*column.Vector{in.channel, in.auction, in.day, in.price} {
		v.Resize(rows)
	}
	name := make([]byte, 0, 32)
	for r := range rows {
		g := of(r)
		name = strconv.AppendInt(append(name[:0], "channel-"...), int64(g), 10)
		in.channel.SetBytes(r, name)
		in.auction.SetInt(r, int64(1000+g/2))
		in.day.SetInt(r, int64(9000+g%2))
		in.price.SetInt(r, int64(uint64(r+1)*2654435761%30_000_000))
	}
	return &column.Batch{Rows: rows, Columns: []*column.Vector{in.channel, in.auction, in.day, in.price}}
}

var benchPlans = map[string]func() *query.Plan{
	"qa": func() *query.Plan {
		return &query.Plan{Keys: keys(&expr.Column{Index: 0, Of: datum.Text}), Aggregates: []query.Aggregate{
			aggregate("count", nil, nil), aggregate("sum", bidPrice(), nil), aggregate("count", bidPrice(), nil),
			aggregate("min", bidPrice(), nil), aggregate("max", bidPrice(), nil),
		}}
	},
	"q17": func() *query.Plan {
		price := func(proc uint32, name string, than int64) expr.Node {
			v := column.New(datum.Int8)
			v.AppendInt(than)
			return call(proc, name, datum.Bool, bidPrice(), &expr.Const{Value: v})
		}
		low := func() expr.Node { return price(469, "int8lt", 10_000) }
		high := func() expr.Node { return price(472, "int8ge", 1_000_000) }
		middle := func() expr.Node {
			return &expr.Logic{Op: expr.And, Args: []expr.Node{price(472, "int8ge", 10_000), price(469, "int8lt", 1_000_000)}}
		}
		return &query.Plan{Keys: keys(&expr.Column{Index: 1, Of: datum.Int8}, &expr.Column{Index: 2, Of: datum.Date}), Aggregates: []query.Aggregate{
			aggregate("count", nil, nil), aggregate("count", nil, low()), aggregate("count", nil, middle()), aggregate("count", nil, high()),
			aggregate("min", bidPrice(), nil), aggregate("max", bidPrice(), nil), aggregate("sum", bidPrice(), nil), aggregate("count", bidPrice(), nil),
			aggregate("max", bidPrice(), low()), aggregate("sum", bidPrice(), high()),
		}}
	},
}

func bidPrice() expr.Node { return &expr.Column{Index: 3, Name: "price", Of: datum.Int8} }

// benchView is a view of qa's shape with batches of its groups, for flushes.
func benchView(b *testing.B, groups, shards int) (*View, []*column.Batch) {
	b.Helper()
	batches := make([]*column.Batch, (groups+column.BatchRows-1)/column.BatchRows)
	for i := range batches {
		at := i * column.BatchRows
		batches[i] = newBids().batch(min(column.BatchRows, groups-at), func(row int) int { return at + row })
	}
	return newView(b, benchPlans["qa"](), shards), batches
}

// BenchmarkFlush is a flush from groups to encoded blocks and on to an owner's
// sorted rows.
func BenchmarkFlush(b *testing.B) {
	v, batches := benchView(b, 100_000, 8)
	for _, batch := range batches {
		add(b, v, batch, column.All(batch.Rows))
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
