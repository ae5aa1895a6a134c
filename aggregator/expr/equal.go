package expr

import (
	"bytes"
	"math"
	"slices"

	"github.com/millrace/millrace/aggregator/column"
)

// Equal reports whether two trees are the same expression: node for node, the
// same functions over the same columns and literals. Names do not count, and a
// float literal equals only its own bits. Either may be nil.
func Equal(a, b Node) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	switch a := a.(type) {
	case *Column:
		b, ok := b.(*Column)
		return ok && a.Index == b.Index && a.Of == b.Of
	case *Const:
		b, ok := b.(*Const)
		return ok && equalConst(a.Value, b.Value)
	case *Call:
		b, ok := b.(*Call)
		return ok && a.Proc == b.Proc && a.Of == b.Of && equalAll(a.Args, b.Args)
	case *Coerce:
		b, ok := b.(*Coerce)
		return ok && a.Of == b.Of && a.ViaIO == b.ViaIO && Equal(a.Arg, b.Arg)
	case *Logic:
		b, ok := b.(*Logic)
		return ok && a.Op == b.Op && equalAll(a.Args, b.Args)
	case *Test:
		b, ok := b.(*Test)
		return ok && a.Kind == b.Kind && Equal(a.Arg, b.Arg)
	case *In:
		b, ok := b.(*In)
		return ok && a.Not == b.Not && equalAll(a.Equal, b.Equal)
	}
	return equalArrays(a, b)
}

// equalArrays is Equal for the nodes of arrays.
func equalArrays(a, b Node) bool {
	switch a := a.(type) {
	case *Subscript:
		b, ok := b.(*Subscript)
		return ok && a.Of == b.Of && Equal(a.Array, b.Array) && equalAll(a.At, b.At)
	case *MakeArray:
		b, ok := b.(*MakeArray)
		return ok && a.Of == b.Of && equalAll(a.Args, b.Args)
	case *AnyOf:
		b, ok := b.(*AnyOf)
		return ok && a.Proc == b.Proc && a.All == b.All && Equal(a.Arg, b.Arg) && Equal(a.Array, b.Array)
	case *ArrayCast:
		b, ok := b.(*ArrayCast)
		return ok && a.Of == b.Of && Equal(a.Arg, b.Arg) && Equal(a.Each, b.Each)
	}
	return equalConditional(a, b)
}

// equalConditional is Equal for the nodes that choose between arguments.
func equalConditional(a, b Node) bool {
	switch a := a.(type) {
	case *Case:
		b, ok := b.(*Case)
		return ok && a.Of == b.Of && Equal(a.Else, b.Else) && slices.EqualFunc(a.Whens, b.Whens, equalWhen)
	case *Coalesce:
		b, ok := b.(*Coalesce)
		return ok && a.Of == b.Of && equalAll(a.Args, b.Args)
	case *NullIf:
		b, ok := b.(*NullIf)
		return ok && a.Of == b.Of && Equal(a.Arg, b.Arg) && Equal(a.Equal, b.Equal)
	case *Greatest:
		b, ok := b.(*Greatest)
		return ok && a.Of == b.Of && a.Least == b.Least && equalAll(a.Args, b.Args)
	case *Distinct:
		b, ok := b.(*Distinct)
		return ok && Equal(a.Left, b.Left) && Equal(a.Right, b.Right) && Equal(a.Equal, b.Equal)
	}
	return false
}

func equalAll(a, b []Node) bool { return slices.EqualFunc(a, b, Equal) }

func equalWhen(a, b When) bool { return Equal(a.Cond, b.Cond) && Equal(a.Then, b.Then) }

// equalConst compares row 0 of two literals.
func equalConst(a, b *column.Vector) bool {
	if a.Type != b.Type || a.IsNull(0) != b.IsNull(0) {
		return false
	}
	if a.IsNull(0) {
		return true
	}
	switch {
	case len(a.Ints) > 0:
		return a.Ints[0] == b.Ints[0]
	case len(a.Floats) > 0:
		return math.Float64bits(a.Floats[0]) == math.Float64bits(b.Floats[0])
	case len(a.Spans) > 0:
		return a.Spans[0] == b.Spans[0]
	}
	return bytes.Equal(a.Bytes(0), b.Bytes(0))
}
