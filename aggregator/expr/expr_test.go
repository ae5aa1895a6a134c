package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// Short forms for trees over int4 columns, where -99 stands for NULL.
const null = -99

func ints(t datum.Type, values ...int64) *column.Vector {
	v := column.New(t)
	for _, x := range values {
		if x == null {
			v.AppendNull()
		} else {
			v.AppendInt(x)
		}
	}
	return v
}

func batchOf(vectors ...*column.Vector) *column.Batch {
	return &column.Batch{Rows: vectors[0].Len(), Columns: vectors}
}

func col(i int) Node     { return &Column{Index: i, Of: datum.Int4} }
func boolCol(i int) Node { return &Column{Index: i, Of: datum.Bool} }
func lit(x int64) Node   { return &Const{ints(datum.Int4, x)} }
func eq(a, b Node) Node  { return &Call{Proc: 65, Name: "int4eq", Args: []Node{a, b}, Of: datum.Bool} }

func ne(a, b Node) Node { return &Call{Proc: 144, Name: "int4ne", Args: []Node{a, b}, Of: datum.Bool} }

func gt(a, b Node) Node { return &Call{Proc: 147, Name: "int4gt", Args: []Node{a, b}, Of: datum.Bool} }

func plus(a, b Node) Node {
	return &Call{Proc: 177, Name: "int4pl", Args: []Node{a, b}, Of: datum.Int4}
}

func div(a, b Node) Node {
	return &Call{Proc: 154, Name: "int4div", Args: []Node{a, b}, Of: datum.Int4}
}

func and(args ...Node) Node {
	return &Logic{Op: And, Args: args}
}

func or(args ...Node) Node {
	return &Logic{Op: Or, Args: args}
}

func mustCompile(t testing.TB, n Node) *Expr {
	t.Helper()
	x, err := Compile(Env{}, n)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// outcome prints the values at rows: "-" for NULL, "!" for an error.
func outcomes(v *column.Vector, rows []int32, errs *RowErrors) string {
	var all []string
	for _, r := range rows {
		switch {
		case errs.Of(r) != nil:
			all = append(all, "!")
		case v.IsNull(int(r)):
			all = append(all, "-")
		default:
			all = append(all, fmt.Sprint(v.Ints[r]))
		}
	}
	return strings.Join(all, " ")
}

func TestNodes(t *testing.T) {
	// Every combination of TRUE, FALSE and NULL in columns 0 and 1, and ints
	// beside them in 2 and 3.
	b := batchOf(
		ints(datum.Bool, 1, 1, 1, 0, 0, 0, null, null, null),
		ints(datum.Bool, 1, 0, null, 1, 0, null, 1, 0, null),
		ints(datum.Int4, 10, 0, 3, null, 5, 0, -2, 7, null),
		ints(datum.Int4, 10, 1, null, null, 4, 0, 2, 0, 6),
	)
	failing := gt(div(lit(10), col(2)), lit(1)) // fails where column 2 is 0
	for _, c := range []struct {
		name string
		node Node
		want string
	}{
		{"and", and(boolCol(0), boolCol(1)), "1 0 - 0 0 0 - 0 -"},
		{"or", or(boolCol(0), boolCol(1)), "1 1 1 1 0 - 1 - -"},
		{"not", &Logic{Op: Not, Args: []Node{boolCol(0)}}, "0 0 0 1 1 1 - - -"},
		{"and narrows", and(ne(col(2), lit(0)), failing), "0 0 1 - 1 0 0 0 -"},
		{"or narrows", or(eq(col(2), lit(0)), failing), "0 1 1 - 1 1 0 0 -"},
		{"and fails", and(failing, failing), "0 ! 1 - 1 ! 0 0 -"},
		{"and asks what cannot fail first", and(failing, ne(col(2), lit(0))), "0 0 1 - 1 0 0 0 -"},
		{"null and failing", and(&Const{ints(datum.Bool, null)}, failing), "0 ! - - - ! 0 0 -"},
		{"column", col(2), "10 0 3 - 5 0 -2 7 -"},
		{"constant", lit(4), "4 4 4 4 4 4 4 4 4"},
		{"case", &Case{
			Whens: []When{{boolCol(0), col(2)}, {boolCol(1), col(3)}},
			Else:  lit(1), Of: datum.Int4,
		}, "10 0 3 - 1 1 2 1 1"},
		{"case narrows", &Case{
			Whens: []When{{eq(col(2), lit(0)), lit(77)}},
			Else:  div(lit(10), col(2)), Of: datum.Int4,
		}, "1 77 3 - 2 77 -5 1 -"},
		{"case fails in the condition", &Case{
			Whens: []When{{failing, lit(1)}},
			Else:  lit(0), Of: datum.Int4,
		}, "0 ! 1 0 1 ! 0 0 0"},
		{"coalesce", &Coalesce{Args: []Node{col(2), col(3), lit(8)}, Of: datum.Int4}, "10 0 3 8 5 0 -2 7 6"},
		{"coalesce narrows", &Coalesce{Args: []Node{col(2), div(lit(6), col(3))}, Of: datum.Int4}, "10 0 3 - 5 0 -2 7 1"},
		{"coalesce fails", &Coalesce{Args: []Node{div(lit(10), col(2)), lit(0)}, Of: datum.Int4}, "1 ! 3 0 2 ! -5 1 0"},
		{"nullif", &NullIf{Arg: col(2), Equal: eq(col(2), col(3)), Of: datum.Int4}, "- 0 3 - 5 - -2 7 -"},
		{"nullif of a call", &NullIf{Arg: plus(col(2), lit(0)), Equal: eq(plus(col(2), lit(0)), col(3)), Of: datum.Int4}, "- 0 3 - 5 - -2 7 -"},
		{"greatest", &Greatest{Args: []Node{col(2), col(3)}, Of: datum.Int4}, "10 1 3 - 5 0 2 7 6"},
		{"least", &Greatest{Least: true, Args: []Node{col(2), col(3)}, Of: datum.Int4}, "10 0 3 - 4 0 -2 0 6"},
		{"distinct", &Distinct{Left: col(2), Right: col(3), Equal: eq(col(2), col(3))}, "0 1 1 0 1 0 1 1 1"},
		{"in", &In{Equal: []Node{eq(col(2), lit(5)), eq(col(2), col(3))}}, "1 0 - - 1 1 0 0 -"},
		{"not in", &In{Equal: []Node{eq(col(2), lit(5)), eq(col(2), col(3))}, Not: true}, "0 1 - - 0 0 1 1 -"},
		{"in of a call", &In{Equal: []Node{eq(plus(col(2), lit(1)), lit(6)), eq(plus(col(2), lit(1)), lit(1))}}, "0 1 0 - 1 1 0 0 -"},
		{"in with null", &In{Equal: []Node{eq(col(2), lit(5)), eq(col(2), lit(null))}}, "- - - - 1 - - - -"},
		{"is null", &Test{IsNull, boolCol(0)}, "0 0 0 0 0 0 1 1 1"},
		{"is not null", &Test{IsNotNull, col(2)}, "1 1 1 0 1 1 1 1 0"},
		{"is true", &Test{IsTrue, boolCol(0)}, "1 1 1 0 0 0 0 0 0"},
		{"is not true", &Test{IsNotTrue, boolCol(0)}, "0 0 0 1 1 1 1 1 1"},
		{"is false", &Test{IsFalse, boolCol(0)}, "0 0 0 1 1 1 0 0 0"},
		{"is not false", &Test{IsNotFalse, boolCol(0)}, "1 1 1 0 0 0 1 1 1"},
		{"is unknown", &Test{IsUnknown, boolCol(1)}, "0 0 1 0 0 1 0 0 1"},
		{"is not unknown", &Test{IsNotUnknown, boolCol(1)}, "1 1 0 1 1 0 1 1 0"},
		{"strict, not evaluated for null", div(col(3), &Coalesce{Args: []Node{col(2)}, Of: datum.Int4}), "1 ! - - 0 ! -1 0 -"},
		{"relabelled", &Coerce{Arg: col(2), Of: datum.Int4}, "10 0 3 - 5 0 -2 7 -"},
		{"folded", plus(plus(lit(1), lit(2)), col(2)), "13 3 6 - 8 3 1 10 -"},
		{"folding fails", and(boolCol(0), eq(div(lit(1), lit(0)), lit(1))), "! ! ! 0 0 0 ! ! !"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := mustCompile(t, c.node)
			var errs RowErrors
			// All rows, then some, then all again: nothing may stay behind.
			for _, rows := range [][]int32{column.All(b.Rows), {1, 3, 8}, {}, column.All(b.Rows)} {
				errs.Reset(b.Rows)
				got := outcomes(x.Eval(b, rows, &errs), rows, &errs)
				all := strings.Fields(c.want)
				var want []string
				for _, r := range rows {
					want = append(want, all[r])
				}
				if got != strings.Join(want, " ") {
					t.Errorf("rows %v: %s, want %s", rows, got, strings.Join(want, " "))
				}
				errs.Each(func(r int32, err *datum.Error) {
					if !slices.Contains(rows, r) {
						t.Errorf("row %d failed and was not selected", r)
					}
				})
			}
			if !Equal(c.node, c.node) {
				t.Error("node does not equal itself")
			}
		})
	}
}

// A batch longer than the first makes the literals wider.
func TestBatchesOfManySizes(t *testing.T) {
	x := mustCompile(t, plus(col(0), lit(1)))
	text := mustCompile(t, &Const{texts("literal")})
	var errs RowErrors
	for _, n := range []int{1, 63, 64, 65, 5, column.BatchRows, 0, 130} {
		v := column.New(datum.Int4)
		for i := range n {
			v.AppendInt(int64(i))
		}
		b := &column.Batch{Rows: n, Columns: []*column.Vector{v}}
		errs.Reset(n)
		got, gotText := x.Eval(b, column.All(n), &errs), text.Eval(b, column.All(n), &errs)
		for i := range n {
			if got.IsNull(i) || got.Ints[i] != int64(i)+1 || string(gotText.Bytes(i)) != "literal" {
				t.Fatalf("%d rows: row %d is %d, %q", n, i, got.Ints[i], gotText.Bytes(i))
			}
		}
	}
}

func texts(values ...string) *column.Vector {
	v := column.New(datum.Text)
	for _, s := range values {
		v.AppendBytes([]byte(s))
	}
	return v
}

func TestFilter(t *testing.T) {
	b := batchOf(ints(datum.Int4, 5, 0, null, 2, 20, 1))
	x := mustCompile(t, gt(div(lit(10), col(0)), lit(2)))
	var errs RowErrors
	errs.Reset(b.Rows)
	if got := x.Filter(b, column.All(b.Rows), nil, &errs); !slices.Equal(got, []int32{3, 5}) {
		t.Errorf("rows %v pass, want 3 and 5", got)
	}
	if err := errs.Of(1); errs.Len() != 1 || err == nil || err.Code != datum.CodeDivisionByZero {
		t.Errorf("row 1 has error %v of %d", err, errs.Len())
	}
	errs.Reset(b.Rows)
	own := []int32{0, 3, 5}
	if got := x.Filter(b, own, own[:0], &errs); !slices.Equal(got, []int32{3, 5}) || errs.Any() {
		t.Errorf("in place: rows %v pass, want 3 and 5", got)
	}
}

func TestColumnIsNotCopied(t *testing.T) {
	b := batchOf(ints(datum.Int4, 1, 2))
	var errs RowErrors
	errs.Reset(2)
	if got := mustCompile(t, col(0)).Eval(b, column.All(2), &errs); got != b.Columns[0] {
		t.Error("a column's vector is a copy")
	}
}

func TestCompileRefuses(t *testing.T) {
	text := &Column{Index: 0, Of: datum.Text}
	for _, c := range []struct {
		node Node
		want string
	}{
		{&Call{Proc: 1776, Name: "to_char", Args: []Node{&Column{Of: datum.Float8}, text}, Of: datum.Text}, "function to_char(double precision, text) is not supported"},
		{&Call{Proc: 1159, Name: "timezone", Args: []Node{text, &Column{Of: datum.TimestampTZ}}, Of: datum.Timestamp}, "function timezone(text, timestamp with time zone) is not supported"},
		{&Call{Proc: 1159, Name: "timezone", Args: []Node{&Const{texts("CET")}, &Column{Of: datum.TimestampTZ}}, Of: datum.Timestamp}, "function timezone("},
		{&Call{Proc: 65, Name: "int4eq", Args: []Node{text, text}, Of: datum.Bool}, "function int4eq(text, text) is not supported"},
		{and(boolCol(0), &Call{Proc: 1, Name: "f", Of: datum.Bool}), "function f() is not supported"},
		{&Coerce{Arg: text, Of: datum.Int4}, "cast from text to integer is not supported"},
		{nil, "is not supported"},
	} {
		_, err := Compile(Env{}, c.node)
		var e *datum.Error
		if !errors.As(err, &e) || e.Code != datum.CodeFeatureNotSupported || !strings.Contains(e.Message, c.want) {
			t.Errorf("%#v: error %v, want %q", c.node, err, c.want)
		}
	}
}

func TestRowErrors(t *testing.T) {
	first, second := datum.Errorf("22003", "first"), datum.Errorf("22012", "second")
	var errs RowErrors
	for range 2 {
		errs.Reset(100)
		if errs.Any() || errs.Of(70) != nil {
			t.Fatal("not empty after Reset")
		}
		errs.Fail(70, first)
		errs.Fail(3, second)
		errs.Fail(70, second)
		if !errs.Any() || errs.Len() != 2 || errs.Of(70) != first || errs.Of(3) != second || errs.Of(4) != nil {
			t.Errorf("of 70: %v, of 3: %v, of 4: %v", errs.Of(70), errs.Of(3), errs.Of(4))
		}
		if got := errs.Remove([]int32{1, 3, 5, 70, 99}); !slices.Equal(got, []int32{1, 5, 99}) {
			t.Errorf("left: %v", got)
		}
		var seen []int32
		errs.Each(func(r int32, err *datum.Error) { seen = append(seen, r) })
		if !slices.Equal(seen, []int32{70, 3}) {
			t.Errorf("each: %v", seen)
		}
	}
}
