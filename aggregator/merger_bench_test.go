package aggregator

import (
	"fmt"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
)

// BenchmarkOwner is the owner's side of a fold but for PostgreSQL: blocks of
// one flush are decoded and merged, and the groups come out as sorted rows.
// Narrow is a text key with count, sum, avg, min and max, wide two keys and ten
// aggregates.
func BenchmarkOwner(b *testing.B) {
	for _, shape := range []struct {
		name   string
		groups int
		plan   *query.Plan
	}{
		{"narrow", 10_000, narrowPlan()},
		{"narrow", 100_000, narrowPlan()},
		{"wide", 100_000, widePlan()},
	} {
		for _, flushes := range []int{1, 4} {
			b.Run(fmt.Sprintf("plan=%s/groups=%d/flushes=%d", shape.name, shape.groups, flushes), func(b *testing.B) {
				blocks := encoded(b, ownedView(b, shape.plan, shape.groups), 900_000)
				m := NewMerger(testView, "v", 0, shape.plan)
				var block partial.Block
				var piece Piece
				b.ReportAllocs()
				for b.Loop() {
					for range flushes {
						for _, data := range blocks {
							if err := partial.Decode(data, &block); err != nil {
								b.Fatal(err)
							}
							if err := m.Merge(&block); err != nil {
								b.Fatal(err)
							}
						}
					}
					rows, err := m.Sorted()
					if err != nil {
						b.Fatal(err)
					}
					for at := 0; at < rows.Len(); at += 16384 {
						rows.Piece(at, min(at+16384, rows.Len()), &piece)
					}
					m.Reset()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(shape.groups*flushes), "ns/group")
			})
		}
	}
}

func narrowPlan() *query.Plan {
	x := tame(datum.Int8)
	return &query.Plan{Keys: keys(tame(datum.Text)), Aggregates: []query.Aggregate{
		aggregate("count", nil, nil), aggregate("sum", x, nil), aggregate("count", x, nil), aggregate("min", x, nil), aggregate("max", x, nil),
	}}
}

func widePlan() *query.Plan {
	x := tame(datum.Int8)
	p := &query.Plan{Keys: keys(tame(datum.Int8), tame(datum.Text))}
	for range 4 {
		p.Aggregates = append(p.Aggregates, aggregate("count", nil, nil))
	}
	p.Aggregates = append(p.Aggregates, aggregate("count", x, nil), aggregate("sum", x, nil),
		aggregate("min", x, nil), aggregate("max", x, nil), aggregate("min", tame(datum.Text), nil), aggregate("max", tame(datum.Text), nil))
	return p
}

// ownedView returns a view with as many groups.
func ownedView(b *testing.B, plan *query.Plan, groups int) *View {
	b.Helper()
	v := newView(b, plan, 1)
	batch := &column.Batch{Rows: column.BatchRows, Columns: make([]*column.Vector, 2*len(everyType)+2)}
	text, number := column.New(datum.Text), column.New(datum.Int8)
	batch.Columns[2*int(datum.Text)+1], batch.Columns[2*int(datum.Int8)+1] = text, number
	for at := 0; at < groups; at += column.BatchRows {
		text.Resize(column.BatchRows)
		number.Resize(column.BatchRows)
		for r := range column.BatchRows {
			text.SetString(r, fmt.Sprintf("channel number %d", at+r))
			number.SetInt(r, int64(at+r)*7919%1_000_003)
		}
		add(b, v, batch, column.All(min(column.BatchRows, groups-at)))
	}
	return v
}
