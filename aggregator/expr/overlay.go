package expr

import "github.com/millrace/millrace/aggregator/datum"

// overlayFunctions replace a part of a text, given by its place.
func overlayFunctions() []function {
	t, i := datum.Text, datum.Int4
	return []function{
		{oid: 1404, name: "overlay", args: takes(t, t, i, i), result: t, kernel: overlay},
		{oid: 1405, name: "overlay", args: takes(t, t, i), result: t, kernel: overlay},
	}
}

var errOverlayRange = &datum.Error{Code: datum.CodeOutOfRange, Message: "integer out of range"}

// overlay is what lies before the place, the replacement, and what lies behind
// the replaced length, that of the replacement unless it is given.
func overlay(c *call, rows []int32) {
	for _, r := range rows {
		s, with, place := c.in[0].Bytes(int(r)), c.in[1].Bytes(int(r)), c.in[2].Ints[r]
		n := length(with)
		if len(c.in) > 3 {
			n = c.in[3].Ints[r]
		}
		switch {
		case place <= 0:
			c.fail(r, errSubstringLength)
			continue
		case place+n != int64(int32(place+n)):
			c.fail(r, errOverlayRange)
			continue
		}
		start := len(c.out.Arena)
		c.out.Arena = append(c.out.Arena, s[:head(s, place-1)]...)
		c.out.Arena = append(c.out.Arena, with...)
		c.out.Arena = append(c.out.Arena, from(s, place+n)...)
		c.ended(r, start)
	}
}
