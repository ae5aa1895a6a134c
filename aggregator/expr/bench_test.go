package expr

import (
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// fullBatch has columns without NULLs: two int4, a float8, a text, a jsonb and an array.
func fullBatch() *column.Batch {
	rng := rand.New(rand.NewPCG(1, 2))
	words := []string{"AA", "DL", "UA", "a somewhat longer carrier name", "WN"}
	a, b, f, s := column.New(datum.Int4), column.New(datum.Int4), column.New(datum.Float8), column.New(datum.Text)
	j, numbers := column.New(datum.JSONB), column.New(datum.ArrayOf(datum.Int4))
	var array datum.ArrayBuilder
	for range column.BatchRows {
		j.AppendBytes([]byte(`{"k": 1, "carrier": "DL", "deep": {"list": [1, 2, "x"]}}`))
		array.Begin(nil, []int32{2}, []int32{1})
		array.Int(7)
		array.Int(9)
		numbers.AppendBytes(array.Bytes)
		a.AppendInt(rng.Int64N(1000))
		b.AppendInt(1 + rng.Int64N(1000))
		f.AppendFloat(1 + rng.Float64())
		s.AppendBytes([]byte(words[rng.IntN(len(words))]))
	}
	return batchOf(a, b, f, s, j, numbers)
}

func steadyNodes() map[string]Node {
	f, s := &Column{Index: 2, Of: datum.Float8}, &Column{Index: 3, Of: datum.Text}
	isDL := &Call{Proc: 67, Name: "texteq", Args: []Node{s, &Const{texts("DL")}}, Of: datum.Bool}
	return map[string]Node{
		"int4pl":         plus(col(0), col(1)),
		"int4div":        div(col(0), col(1)),
		"int4gt":         gt(col(0), lit(500)),
		"float8mul":      &Call{Proc: 216, Name: "float8mul", Args: []Node{f, f}, Of: datum.Float8},
		"float8lt":       &Call{Proc: 295, Name: "float8lt", Args: []Node{f, f}, Of: datum.Bool},
		"int4 to float8": &Call{Proc: 316, Name: "float8", Args: []Node{col(0)}, Of: datum.Float8},
		"texteq":         isDL,
		"and":            and(gt(col(0), lit(500)), isDL),
		"case":           &Case{Whens: []When{{gt(col(0), lit(500)), lit(1)}}, Else: col(1), Of: datum.Int4},
		"in":             &In{Equal: []Node{eq(col(0), lit(5)), eq(col(0), lit(7)), eq(col(0), lit(9))}},
		"textcat":        &Call{Proc: 1258, Name: "textcat", Args: []Node{s, s}, Of: datum.Text},
		"coalesce":       &Coalesce{Args: []Node{s, &Const{texts("none")}}, Of: datum.Text},
		"is null":        &Test{IsNull, s},
		"regex":          &Call{Proc: 1254, Name: "textregexeq", Args: []Node{s, &Const{texts("long+er")}}, Of: datum.Bool},
		"jsonb ->>":      &Call{Proc: 3214, Name: "jsonb_object_field_text", Args: []Node{&Column{Index: 4, Of: datum.JSONB}, &Const{texts("carrier")}}, Of: datum.Text},
		"subscript":      &Subscript{Array: &Column{Index: 5, Of: datum.ArrayOf(datum.Int4)}, At: []Node{lit(2)}, Of: datum.Int4},
		"any":            &AnyOf{Arg: lit(9), Array: &Column{Index: 5, Of: datum.ArrayOf(datum.Int4)}, Proc: 65, Name: "int4eq"},
		"concat":         &Call{Proc: 3058, Name: "concat", Args: []Node{s, col(0)}, Of: datum.Text},
		"like":           &Call{Proc: 850, Name: "textlike", Args: []Node{s, &Const{texts("%longer%")}}, Of: datum.Bool},
	}
}

func BenchmarkEval(b *testing.B) {
	batch := fullBatch()
	for name, n := range steadyNodes() {
		b.Run("function="+name, func(b *testing.B) {
			x := mustCompile(b, n)
			var errs RowErrors
			b.ReportAllocs()
			for b.Loop() {
				errs.Reset(batch.Rows)
				x.Eval(batch, column.All(batch.Rows), &errs)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(batch.Rows), "ns/row")
		})
	}
}
