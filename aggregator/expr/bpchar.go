package expr

import (
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
)

// bpcharFunctions are those of character(n), whose padding mostly does not count.
func bpcharFunctions() []function {
	p, t, i, b := datum.Bpchar, datum.Text, datum.Int4, datum.Bool
	two := takes(p, t)
	return []function{
		{oid: 401, name: "text", args: takes(p), result: t, kernel: map1(datum.TrimBpchar)},
		{oid: 668, name: "bpchar", args: takes(p, i, b), result: p, bind: bindBpchar},
		{oid: 1318, name: "length", args: takes(p), result: i, kernel: map1(bpcharLength)},
		{oid: 1367, name: "character_length", args: takes(p), result: i, kernel: map1(bpcharLength)},
		{oid: 1372, name: "char_length", args: takes(p), result: i, kernel: map1(bpcharLength)},
		{oid: 1375, name: "octet_length", args: takes(p), result: i, kernel: map1(byteCount)},
		{oid: 2174, name: "bpchar_pattern_lt", args: takes(p, p), result: b, kernel: compareBytes(p)(opLT)},
		{oid: 2175, name: "bpchar_pattern_le", args: takes(p, p), result: b, kernel: compareBytes(p)(opLE)},
		{oid: 2177, name: "bpchar_pattern_ge", args: takes(p, p), result: b, kernel: compareBytes(p)(opGE)},
		{oid: 2178, name: "bpchar_pattern_gt", args: takes(p, p), result: b, kernel: compareBytes(p)(opGT)},
		// Patterns see the padding.
		{oid: 1631, name: "bpcharlike", args: two, result: b, kernel: like(true)},
		{oid: 1632, name: "bpcharnlike", args: two, result: b, kernel: like(false)},
		{oid: 1660, name: "bpchariclike", args: two, result: b, kernel: ilike(true)},
		{oid: 1661, name: "bpcharicnlike", args: two, result: b, kernel: ilike(false)},
		{oid: 1658, name: "bpcharregexeq", args: two, result: b, bind: bindRegex(false, true)},
		{oid: 1659, name: "bpcharregexne", args: two, result: b, bind: bindRegex(false, false)},
		{oid: 1656, name: "bpcharicregexeq", args: two, result: b, bind: bindRegex(true, true)},
		{oid: 1657, name: "bpcharicregexne", args: two, result: b, bind: bindRegex(true, false)},
	}
}

func bpcharLength(s []byte) int64 { return length(datum.TrimBpchar(s)) }

// bindBpchar makes the kernel of a cast to character(n) for an n that is no larger
// than what lpad may make.
func bindBpchar(n *Call) (kernel, bool) {
	lit, ok := n.Args[1].(*Const)
	if !ok || !lit.Value.IsNull(0) && lit.Value.Ints[0] > maxPad+4 {
		return nil, false
	}
	return bpchar, true
}

// bpchar pads to the length of character(n), its typmod less 4, or cuts: an
// implicit cast cuts only spaces.
func bpchar(c *call, rows []int32) {
	for _, r := range rows {
		s, limit := c.in[0].Bytes(int(r)), c.in[1].Ints[r]-4
		if limit < 0 {
			limit = length(s)
		}
		cut := head(s, limit)
		if c.in[2].Ints[r] == 0 && slices.ContainsFunc(s[cut:], func(b byte) bool { return b != ' ' }) {
			c.fail(r, datum.Errorf(datum.CodeStringTooLong, "value too long for type character(%d)", limit))
			continue
		}
		start := len(c.out.Arena)
		c.out.Arena = append(c.out.Arena, s[:cut]...)
		for n := length(s[:cut]); n < limit; n++ {
			c.out.Arena = append(c.out.Arena, ' ')
		}
		c.ended(r, start)
	}
}
