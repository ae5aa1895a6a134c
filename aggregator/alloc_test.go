//go:build !race

package aggregator

import (
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
)

// TestNoAllocationPerRecord: in the steady state, from batch to accumulators,
// nothing is allocated, whatever the key's type.
func TestNoAllocationPerRecord(t *testing.T) {
	types := append(datum.Types(), datum.Bytea, datum.Bpchar, datum.Time, datum.UUID, datum.Inet, datum.Cidr, datum.Enum)
	for _, typ := range types {
		plan := &query.Plan{
			Filter: tame(datum.Bool), Keys: keys(tame(typ), wild(datum.Int2)),
			Aggregates: []query.Aggregate{
				aggregate("count", nil, nil), aggregate("count", tame(datum.Text), wild(datum.Bool)),
				aggregate("sum", tame(datum.Int4), nil), aggregate("sum", tame(datum.Int8), nil), aggregate("sum", tame(datum.Float8), nil),
				aggregate("sum", tame(datum.Interval), nil), aggregate("min", tame(datum.Text), nil), aggregate("max", tame(datum.Timestamp), nil),
				aggregate("min", tame(datum.Float8), nil), aggregate("max", tame(datum.Interval), nil),
				aggregate("sum", tame(datum.Numeric), nil), aggregate("max", tame(datum.Numeric), nil),
			},
		}
		b := randomBatch(rand.New(rand.NewPCG(6, 6)), 1000)
		prices := b.Columns[wildPlace(datum.Numeric)+1] // wide ones go through math/big
		prices.Resize(b.Rows)
		for r := range b.Rows {
			prices.SetBytes(r, datum.AppendDecimal(nil, datum.DecimalFromParts(r%3 == 0, 0, uint64(r*r), r%5)))
		}
		v := newView(t, plan, 4)
		v.SetLimit(roomy)
		failed := func(row int32, err *datum.Error) { t.Errorf("row %d: %v", row, err) }
		rows := column.All(b.Rows)
		if n := testing.AllocsPerRun(20, func() { v.Add(b, rows, failed) }); n > 0 {
			t.Errorf("key of type %v: %v allocations for 1000 records", typ, n)
		}
		if v.Rows() == 0 {
			t.Fatal("no rows")
		}
	}
}

// TestNoAllocationForMadeKeys: nor is it for grouping sets and append-only views.
func TestNoAllocationForMadeKeys(t *testing.T) {
	sets := withSets(&query.Plan{
		Keys: keys(tame(datum.Text), tame(datum.Int4)), Aggregates: []query.Aggregate{aggregate("count", nil, nil), aggregate("sum", tame(datum.Int4), nil)},
	}, [][]bool{{true, true}, {true, false}, {false, false}})
	b := placed(randomBatch(rand.New(rand.NewPCG(6, 6)), 1000))
	rows := column.All(b.Rows)
	for name, plan := range map[string]*query.Plan{"grouping sets": sets, "append-only": appendOnly(tame(datum.Text), tame(datum.Int4))} {
		v := newView(t, plan, 4)
		v.SetLimit(roomy)
		failed := func(row int32, err *datum.Error) { t.Errorf("row %d: %v", row, err) }
		take := func() {
			v.Add(b, rows, failed)
			v.Reset()
		}
		for range 3 {
			take()
		}
		if n := testing.AllocsPerRun(10, take); n > 0 {
			t.Errorf("%s: %v allocations for 1000 records", name, n)
		}
	}
}
