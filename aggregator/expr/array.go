package expr

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// arrayFunctions are the operators and functions of arrays of any type.
func arrayFunctions() []function {
	one, two, i, t, b := takes(datum.Invalid), takes(datum.Invalid, datum.Invalid), datum.Int4, datum.Text, datum.Bool
	counted := takes(datum.Invalid, i)
	return []function{
		{oid: 2176, name: "array_length", args: counted, result: i, bind: bindDimension(func(a datum.Array, d int) int64 { return int64(a.Length(d)) })},
		{oid: 2091, name: "array_lower", args: counted, result: i, bind: bindDimension(func(a datum.Array, d int) int64 { return int64(a.Lower(d)) })},
		{oid: 2092, name: "array_upper", args: counted, result: i, bind: bindDimension(func(a datum.Array, d int) int64 { return int64(a.Lower(d) + a.Length(d) - 1) })},
		{oid: 3179, name: "cardinality", args: one, result: i, bind: ofArrays(map1(func(a []byte) int64 { return int64(datum.Array(a).Len()) }))},
		{oid: 748, name: "array_ndims", args: one, result: i, bind: ofArrays(arrayDimensions)},
		{oid: 2748, name: "arraycontains", args: two, result: b, bind: bindSets(func(elem datum.Type, a, b datum.Array) bool { return a.Contains(elem, b) })},
		{oid: 2749, name: "arraycontained", args: two, result: b, bind: bindSets(func(elem datum.Type, a, b datum.Array) bool { return b.Contains(elem, a) })},
		{oid: 2747, name: "arrayoverlap", args: two, result: b, bind: bindSets(func(elem datum.Type, a, b datum.Array) bool { return a.Overlaps(elem, b) })},
		{oid: 395, name: "array_to_string", args: takes(datum.Invalid, t), result: t, bind: ofArrays(arrayToString)},
	}
}

// ofArrays offers a kernel for calls whose first argument is an array of values
// that are known here.
func ofArrays(k kernel) func(n *Call) (kernel, bool) {
	return func(n *Call) (kernel, bool) {
		of := n.Args[0].Type()
		return k, of.IsArray() && of.Elem() != datum.Enum && of.Elem() != datum.Other
	}
}

// bindDimension is the kernel of a question about one dimension, from 1; NULL where
// there is no such.
func bindDimension(f func(a datum.Array, d int) int64) func(n *Call) (kernel, bool) {
	return ofArrays(func(c *call, rows []int32) {
		for _, r := range rows {
			a, d := datum.Array(c.in[0].Bytes(int(r))), c.in[1].Ints[r]
			if d < 1 || d > int64(a.Dimensions()) {
				c.out.SetNull(int(r))
				continue
			}
			c.out.Ints[r] = f(a, int(d)-1)
		}
	})
}

func arrayDimensions(c *call, rows []int32) {
	for _, r := range rows {
		n := datum.Array(c.in[0].Bytes(int(r))).Dimensions()
		if n == 0 {
			c.out.SetNull(int(r))
			continue
		}
		c.out.Ints[r] = int64(n)
	}
}

// bindSets is the kernel of an operator that takes two arrays of one type as sets.
func bindSets(f func(elem datum.Type, a, b datum.Array) bool) func(n *Call) (kernel, bool) {
	return func(n *Call) (kernel, bool) {
		of := n.Args[0].Type()
		if of != n.Args[1].Type() || !of.IsArray() || !of.Ordered() {
			return nil, false
		}
		return map2(func(a, b []byte) bool { return f(of.Elem(), a, b) }), true
	}
}

func arrayToString(c *call, rows []int32) {
	elem := c.in[0].Type.Elem()
	for _, r := range rows {
		start, first := len(c.out.Arena), true
		for e := datum.Array(c.in[0].Bytes(int(r))).Elements(); ; {
			value, null, more := e.Next()
			if !more {
				break
			}
			if null {
				continue
			}
			if !first {
				c.out.Arena = append(c.out.Arena, c.in[1].Bytes(int(r))...)
			}
			first = false
			c.out.Arena = datum.AppendOutput(c.out.Arena, elem, value, c.env.Zone)
		}
		c.ended(r, start)
	}
}

// subscript is a[i] or a[i][j]: NULL outside of the bounds.
func (c *compiler) subscript(n *Subscript) (evaluator, error) {
	of := n.Array.Type()
	if !of.IsArray() || of.Elem() != n.Of || len(n.At) == 0 {
		return nil, datum.Errorf(datum.CodeFeatureNotSupported, "a subscript of type %s is not supported in a continuous query", of)
	}
	args, err := c.all(append([]Node{n.Array}, n.At...))
	if err != nil {
		return nil, err
	}
	at := make([]int64, len(n.At))
	return fold(newCall(c.env, n.Of, func(c *call, rows []int32) {
		for _, r := range rows {
			for i := range at {
				at[i] = c.in[i+1].Ints[r]
			}
			element, ok := datum.Array(c.in[0].Bytes(int(r))).At(at)
			if !ok {
				c.out.SetNull(int(r))
				continue
			}
			c.out.SetValue(int(r), element)
		}
	}, args)), nil
}

// makeArray is ARRAY[…]: one dimension, from 1.
func (c *compiler) makeArray(n *MakeArray) (evaluator, error) {
	args, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	made := newCall(c.env, n.Of, func(c *call, rows []int32) {
		var b datum.ArrayBuilder
		for _, r := range rows {
			start := len(c.out.Arena)
			if len(c.in) == 0 {
				b.Begin(c.out.Arena, nil, nil)
			} else {
				b.Begin(c.out.Arena, []int32{int32(len(c.in))}, []int32{1})
			}
			for _, v := range c.in {
				addElement(&b, v, int(r), &c.scratch)
			}
			c.out.Arena = b.Bytes
			c.ended(r, start)
		}
	}, args)
	made.lax = true
	return fold(made), nil
}

// addElement appends a row's value to an array.
func addElement(b *datum.ArrayBuilder, v *column.Vector, row int, scratch *[]byte) {
	if v.IsNull(row) {
		b.Null()
		return
	}
	switch v.Type.Physical() {
	case datum.PhysInt:
		b.Int(v.Ints[row])
		return
	case datum.PhysFloat:
		*scratch = datum.FloatValue((*scratch)[:0], v.Floats[row])
	case datum.PhysInterval:
		*scratch = datum.SpanValue((*scratch)[:0], v.Spans[row])
	default:
		b.Element(v.Bytes(row))
		return
	}
	b.Element(*scratch)
}
