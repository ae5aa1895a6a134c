package aggregator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/internal/specimen"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// The tests' stream has two columns of every type: wild values, extremes among
// them, and tame ones, whose sums do not hang on the order.
func wild(t datum.Type) expr.Node { return &expr.Column{Index: wildPlace(t), Name: "wild", Of: t} }

func tame(t datum.Type) expr.Node { return &expr.Column{Index: wildPlace(t) + 1, Name: "tame", Of: t} }

func wildPlace(t datum.Type) int { return 2 * (1 + slices.Index(everyType, t)) }

// everyType has those that are some database's own too; the first stand at 2×t.
var everyType = func() []datum.Type {
	all := append(datum.Types(), datum.Enum, datum.ArrayOf(datum.Enum), datum.Other)
	for _, t := range datum.AllTypes() {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}()

// keyTypes are those that a group may be of.
var keyTypes = slices.DeleteFunc(slices.Clone(everyType), func(t datum.Type) bool { return !t.HasKey() })

// randomBatch returns rows of the tests' stream.
func randomBatch(rng *rand.Rand, rows int) *column.Batch {
	b := &column.Batch{Rows: rows, Columns: make([]*column.Vector, 2)}
	for _, t := range datum.Types() {
		b.Columns = append(b.Columns, specimen.Vector(rng.IntN, t, rows), specimen.Tame(rng.IntN, t, rows))
	}
	for _, t := range everyType[len(datum.Types()):] { // parsed from texts: some, many times
		some, v := specimen.Vector(rng.IntN, t, 40), column.New(t)
		for range rows {
			v.AppendFrom(some, rng.IntN(40))
		}
		b.Columns = append(b.Columns, v, v)
	}
	return b
}

// aggregate returns a plan's aggregate.
func aggregate(kind string, arg, filter expr.Node) query.Aggregate {
	typ := datum.Invalid
	if arg != nil {
		typ = arg.Type()
	}
	f, ok := agg.Lookup(kind, typ)
	if !ok {
		panic(fmt.Sprintf("no %s(%v)", kind, typ))
	}
	return query.Aggregate{Function: f, Arg: arg, Filter: filter}
}

// keys returns GROUP BY expressions.
func keys(nodes ...expr.Node) (ks []query.Key) {
	for i, n := range nodes {
		ks = append(ks, query.Key{Column: fmt.Sprintf("k%d", i+1), Expr: n})
	}
	return ks
}

// everything returns every registered aggregate of the first types, some of the
// others, some of them filtered.
func everything(rng *rand.Rand) (all []query.Aggregate) {
	for _, f := range agg.All() {
		if f.Arg != datum.Invalid && !slices.Contains(datum.Types(), f.Arg) && rng.IntN(8) > 0 {
			continue
		}
		a := query.Aggregate{Function: f}
		if f.Arg != datum.Invalid {
			a.Arg = wild(f.Arg)
			if f.Name[:3] == "sum" {
				a.Arg = tame(f.Arg)
			}
		}
		if rng.IntN(3) == 0 {
			a.Filter = wild(datum.Bool)
		}
		all = append(all, a)
	}
	return all
}

// call is a native function by OID.
func call(proc uint32, name string, of datum.Type, args ...expr.Node) expr.Node {
	return &expr.Call{Proc: proc, Name: name, Of: of, Args: args}
}

// inverse is 1 / x over a column of int4, which fails for 0.
func inverse(x expr.Node) expr.Node {
	one := column.New(datum.Int4)
	one.AppendInt(1)
	return call(154, "int4div", datum.Int4, &expr.Const{Value: one}, x)
}

var testView = topology.ViewID{0x42}

func newView(tb testing.TB, plan *query.Plan, shards int) *View {
	tb.Helper()
	v, err := NewView(testView, plan, shards)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// add folds rows in, none of which may fail.
func add(tb testing.TB, v *View, b *column.Batch, rows []int32) {
	tb.Helper()
	v.Add(b, rows, func(row int32, err *datum.Error) {
		tb.Helper()
		tb.Fatalf("row %d failed: %v", row, err)
	})
}

const roomy = 900_000

// encoded returns a view's blocks as bytes.
func encoded(tb testing.TB, v *View, limit int) (blocks [][]byte) {
	tb.Helper()
	return encodedOf(tb, v, limit, partial.Range{To: 5})
}

// encodedOf returns a view's blocks of a flush of some ranges.
func encodedOf(tb testing.TB, v *View, limit int, ranges ...partial.Range) (blocks [][]byte) {
	tb.Helper()
	err := v.Blocks(partial.FlushID{Seq: 1}, ranges, limit, func(_ topology.GroupHash, b *partial.Block) error {
		data := partial.Append(nil, b)
		if len(data) > limit {
			tb.Fatalf("a block of %d bytes, the limit is %d", len(data), limit)
		}
		blocks = append(blocks, data)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return blocks
}

// owners merges encoded blocks, one merger for each shard.
func owners(tb testing.TB, plan *query.Plan, shards int, blocks [][]byte) []*Merger {
	tb.Helper()
	ms := make([]*Merger, shards)
	for i := range ms {
		ms[i] = NewMerger(testView, "v", topology.ShardID(i), plan)
	}
	var b partial.Block
	for _, data := range blocks {
		if err := partial.Decode(data, &b); err != nil {
			tb.Fatal(err)
		}
		if err := ms[b.Shard].Merge(&b); err != nil {
			tb.Fatal(err)
		}
	}
	return ms
}

// rowsOf returns a merger's rows.
func rowsOf(tb testing.TB, m *Merger) *ViewRows {
	tb.Helper()
	rows, err := m.Rows()
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}
