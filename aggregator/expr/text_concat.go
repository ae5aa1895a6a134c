package expr

import "github.com/millrace/millrace/aggregator/datum"

// concatenations are the functions that join any number of values of any types,
// as their types' output functions print them, and pass over NULLs.
func concatenations() []function {
	t, anything := datum.Text, datum.Invalid
	return []function{
		{oid: 3058, name: "concat", args: takes(anything), result: t, kernel: concatAll, variadic: true, lax: true},
		{oid: 3059, name: "concat_ws", args: takes(t, anything), result: t, kernel: concatSeparated, variadic: true, lax: true},
		{oid: 1622, name: "repeat", args: takes(t, datum.Int4), result: t, bind: bindRepeat},
	}
}

func concatAll(c *call, rows []int32) {
	for _, r := range rows {
		start := len(c.out.Arena)
		for _, v := range c.in {
			if !v.IsNull(int(r)) {
				c.out.Arena = appendOutput(c.out.Arena, v, int(r), c.env.Zone)
			}
		}
		c.ended(r, start)
	}
}

// concatSeparated is NULL where the separator is.
func concatSeparated(c *call, rows []int32) {
	for _, r := range rows {
		if c.in[0].IsNull(int(r)) {
			c.out.SetNull(int(r))
			continue
		}
		start, first := len(c.out.Arena), true
		for _, v := range c.in[1:] {
			if v.IsNull(int(r)) {
				continue
			}
			if !first {
				c.out.Arena = append(c.out.Arena, c.in[0].Bytes(int(r))...)
			}
			first = false
			c.out.Arena = appendOutput(c.out.Arena, v, int(r), c.env.Zone)
		}
		c.ended(r, start)
	}
}

// maxRepeat is how often repeat writes a text natively: a count that stands in
// the data could ask for more memory than there is.
const maxRepeat = 256

// bindRepeat makes the kernel of repeat for a literal count.
func bindRepeat(n *Call) (kernel, bool) {
	lit, ok := n.Args[1].(*Const)
	if !ok || !lit.Value.IsNull(0) && lit.Value.Ints[0] > maxRepeat {
		return nil, false
	}
	return func(c *call, rows []int32) {
		for _, r := range rows {
			start := len(c.out.Arena)
			for n := c.in[1].Ints[r]; n > 0; n-- {
				c.out.Arena = append(c.out.Arena, c.in[0].Bytes(int(r))...)
			}
			c.ended(r, start)
		}
	}, true
}
