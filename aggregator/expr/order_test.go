package expr

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

func textLike(pattern string) Node {
	return &Call{Proc: 850, Name: "textlike", Args: []Node{&Column{Index: 3, Of: datum.Text}, &Const{texts(pattern)}}, Of: datum.Bool}
}

// written compiles a condition whose ANDs keep the order in which they are written.
func written(t testing.TB, n *Logic) *Expr {
	t.Helper()
	c := compiler{}
	args, err := c.all(n.Args)
	if err != nil {
		t.Fatal(err)
	}
	return &Expr{root: newJunction(args, false)}
}

// TestOrderLearns: the selective parts that cannot fail come first, whatever the order
// in which they are written, others when the rows are others, and the rows that pass
// are the same ones.
func TestOrderLearns(t *testing.T) {
	condition := and(gt(col(0), lit(10)), gt(col(1), lit(900)), textLike("%longer%")).(*Logic)
	e, plain := mustCompile(t, condition), written(t, condition)
	j := e.root.(*junction)
	batch := fullBatch()
	other := &column.Batch{Rows: batch.Rows, Columns: []*column.Vector{column.New(datum.Int4), batch.Columns[0], batch.Columns[2], batch.Columns[3]}}
	for r := range batch.Rows {
		other.Columns[0].AppendInt(int64(r % 20)) // of which half are beyond 10, and of the others all but a few
	}
	other.Columns[1] = column.New(datum.Int4)
	for range batch.Rows {
		other.Columns[1].AppendInt(950)
	}
	var errs RowErrors
	for _, step := range []struct {
		batch *column.Batch
		first int // of the parts as they are written
	}{{batch, 1}, {other, 0}, {batch, 1}} {
		for range 3 * lookEvery / batch.Rows {
			errs.Reset(batch.Rows)
			got, want := e.Filter(step.batch, column.All(batch.Rows), nil, &errs), plain.Filter(step.batch, column.All(batch.Rows), nil, &errs)
			if !slices.Equal(got, want) {
				t.Fatalf("%d rows pass, want %d", len(got), len(want))
			}
		}
		if first := j.args[0].(intComparison); first.in[0] != step.batch.Columns[step.first] {
			t.Errorf("the part that comes first is another one than %d: %+v", step.first, j.free)
		}
	}
}

// TestHarmless: what may fail is not moved.
func TestHarmless(t *testing.T) {
	text := &Column{Index: 3, Of: datum.Text}
	for _, tt := range []struct {
		name string
		node Node
		want bool
	}{
		{"comparison", gt(col(0), lit(5)), true},
		{"of a quotient", gt(div(col(0), col(1)), lit(5)), false},
		{"of a sum, which may overflow", gt(plus(col(0), col(1)), lit(5)), false},
		{"LIKE", textLike("%longer%"), true},
		{"LIKE with a bad end", textLike(`a\`), false},
		{"LIKE with an escaped escape", textLike(`a\\`), true},
		{"LIKE a column", &Call{Proc: 850, Name: "textlike", Args: []Node{text, text}, Of: datum.Bool}, false},
		{"IN", &In{Equal: []Node{eq(col(0), lit(5)), eq(col(0), lit(7))}}, true},
		{"IN with a quotient", &In{Equal: []Node{eq(col(0), lit(5)), eq(col(0), div(lit(1), col(1)))}}, false},
		{"IS NULL", &Test{IsNull, text}, true},
		{"IS NULL of a quotient", &Test{IsNull, div(col(0), col(1))}, false},
		{"OR", &Logic{Op: Or, Args: []Node{gt(col(0), lit(5)), gt(div(col(0), col(1)), lit(5))}}, false},
		{"a date compared with a timestamp", &Call{Proc: 2340, Name: "date_eq_timestamp", Args: []Node{&Column{Of: datum.Date}, &Column{Of: datum.Timestamp}}, Of: datum.Bool}, false},
	} {
		if _, ok := harmless(tt.node); ok != tt.want {
			t.Errorf("%s: %v", tt.name, ok)
		}
	}
}

// TestOrderOfWhatFails: a row that is not TRUE by a part that cannot fail does not fail,
// and of parts that can the first in the text decides.
func TestOrderOfWhatFails(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	b := batchOf(column.New(datum.Int4), column.New(datum.Int4))
	for range 1000 {
		b.Columns[0].AppendInt(rng.Int64N(3))
		b.Columns[1].AppendInt(rng.Int64N(3))
	}
	b.Rows = 1000
	first, second, safe := gt(div(lit(10), col(0)), lit(5)), gt(div(lit(10), col(1)), lit(1)), gt(col(1), lit(0))
	var errs RowErrors
	for _, n := range []Node{and(first, second, safe), and(safe, first, second), and(first, safe, second)} {
		errs.Reset(b.Rows)
		e := mustCompile(t, n)
		got := e.Filter(b, column.All(b.Rows), nil, &errs)
		for r := range int32(b.Rows) {
			x, y := b.Columns[0].Ints[r], b.Columns[1].Ints[r]
			if fails := y > 0 && x == 0; (errs.Of(r) != nil) != fails {
				t.Fatalf("%d, %d: %v", x, y, errs.Of(r))
			}
			if passes := y > 0 && x == 1; slices.Contains(got, r) != passes {
				t.Fatalf("%d, %d: passes %v", x, y, !passes)
			}
		}
	}
}

// BenchmarkConjunction is a WHERE whose first part costs much and keeps nearly all, and
// whose second keeps few; then one whose parts are in the best order.
func BenchmarkConjunction(b *testing.B) {
	batch := fullBatch()
	few, most := gt(col(1), lit(950)), &Call{Proc: 851, Name: "textnlike", Args: []Node{&Column{Index: 3, Of: datum.Text}, &Const{texts("%nothing%")}}, Of: datum.Bool}
	isDL := &Call{Proc: 67, Name: "texteq", Args: []Node{&Column{Index: 3, Of: datum.Text}, &Const{texts("DL")}}, Of: datum.Bool}
	for name, n := range map[string]Node{
		"unselective LIKE first": and(most, few), "selective first": and(few, most),
		"two ints": and(gt(col(0), lit(50)), few), "text of five, int of twenty": and(isDL, few), "int of two, text of five": and(gt(col(0), lit(500)), isDL),
	} {
		b.Run("where="+name, func(b *testing.B) {
			e := mustCompile(b, n)
			var errs RowErrors
			var rows []int32
			b.ReportAllocs()
			for b.Loop() {
				errs.Reset(batch.Rows)
				rows = e.Filter(batch, column.All(batch.Rows), rows[:0], &errs)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(batch.Rows), "ns/row")
		})
	}
}
