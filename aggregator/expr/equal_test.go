package expr

import (
	"math"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// distinctNodes makes trees that all differ, anew at each call.
func distinctNodes() []Node {
	float := func(x float64) Node {
		v := column.New(datum.Float8)
		v.AppendFloat(x)
		return &Const{v}
	}
	span := func(s datum.Span) Node {
		v := column.New(datum.Interval)
		v.AppendSpan(s)
		return &Const{v}
	}
	return []Node{
		nil,
		col(0), col(1), boolCol(0),
		lit(1), lit(2), lit(null), &Const{ints(datum.Int8, 1)}, &Const{ints(datum.Int8, null)},
		&Const{texts("a")}, &Const{texts("b")}, &Const{texts("")},
		float(0), float(math.Copysign(0, -1)), float(1), span(datum.Span{Days: 30}), span(datum.Span{Months: 1}),
		eq(col(0), lit(1)), eq(lit(1), col(0)), ne(col(0), lit(1)),
		&Coerce{Arg: col(0), Of: datum.Text}, &Coerce{Arg: col(0), Of: datum.Text, ViaIO: true}, &Coerce{Arg: col(0), Of: datum.Int8},
		and(boolCol(0), boolCol(1)), or(boolCol(0), boolCol(1)), and(boolCol(0)), &Logic{Op: Not, Args: []Node{boolCol(0)}},
		&Case{Whens: []When{{boolCol(0), lit(1)}}, Else: lit(2), Of: datum.Int4},
		&Case{Whens: []When{{boolCol(0), lit(1)}}, Else: lit(3), Of: datum.Int4},
		&Case{Whens: []When{{boolCol(1), lit(1)}}, Else: lit(2), Of: datum.Int4},
		&Case{Whens: []When{{boolCol(0), lit(1)}, {boolCol(1), lit(1)}}, Else: lit(2), Of: datum.Int4},
		&Coalesce{Args: []Node{col(0), col(1)}, Of: datum.Int4},
		&Coalesce{Args: []Node{col(1), col(0)}, Of: datum.Int4},
		&NullIf{Arg: col(0), Equal: eq(col(0), lit(1)), Of: datum.Int4},
		&NullIf{Arg: col(0), Equal: eq(col(0), lit(2)), Of: datum.Int4},
		&Greatest{Args: []Node{col(0), col(1)}, Of: datum.Int4},
		&Greatest{Least: true, Args: []Node{col(0), col(1)}, Of: datum.Int4},
		&Test{IsNull, col(0)}, &Test{IsNotNull, col(0)}, &Test{IsNull, col(1)},
		&Distinct{Left: col(0), Right: col(1), Equal: eq(col(0), col(1))},
		&Distinct{Left: col(1), Right: col(0), Equal: eq(col(1), col(0))},
		&In{Equal: []Node{eq(col(0), lit(1))}}, &In{Equal: []Node{eq(col(0), lit(1))}, Not: true},
		&In{Equal: []Node{eq(col(0), lit(1)), eq(col(0), lit(2))}},
	}
}

func TestEqual(t *testing.T) {
	a, b := distinctNodes(), distinctNodes()
	for i := range a {
		for j := range b {
			if got := Equal(a[i], b[j]); got != (i == j) {
				t.Errorf("Equal(%d %#v, %d %#v) = %v", i, a[i], j, b[j], got)
			}
		}
	}
}

// TestRemap: of every kind of node, the tree is the same but for its columns,
// and the one it was made of stays.
func TestRemap(t *testing.T) {
	for i, n := range distinctNodes() {
		back := Remap(Remap(n, func(i int) int { return 7 + 2*i }), func(i int) int { return (i - 7) / 2 })
		if !Equal(n, back) || !Equal(n, distinctNodes()[i]) {
			t.Errorf("%d: %#v came back as %#v", i, n, back)
		}
		if moved := Remap(n, func(i int) int { return i + 1 }); Equal(n, moved) == hasColumn(n) {
			t.Errorf("%d: %#v became %#v", i, n, moved)
		}
	}
}

// hasColumn reports whether a tree of distinctNodes reads a column.
func hasColumn(n Node) bool {
	_, literal := n.(*Const)
	return n != nil && !literal
}
