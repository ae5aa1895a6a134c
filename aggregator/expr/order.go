package expr

import (
	"cmp"
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
)

// This file is the order in which a condition asks the parts of its ANDs. What cannot
// fail comes before what can: a row that is not TRUE by a part that cannot fail never
// fails by another. Among those that cannot fail the cheap and the selective come
// first, as they were seen to be, which changes nothing but the time. What can fail
// stays in the order in which it is written.

// conjunct is a part of an AND that cannot fail.
type conjunct struct {
	eval   evaluator
	cost   float64 // of a row, in comparisons of ints
	passed float64 // the share of the rows it was asked for that it let pass
	asked  int     // since the share was reckoned
	kept   int
}

// rank is what it costs to be rid of a row.
func (c *conjunct) rank() float64 { return c.cost / (1.001 - c.passed) }

// lookEvery is after how many rows that came to an AND its order is looked at again.
const lookEvery = 1 << 16

// newConjunction is AND. args are those of nodes.
func newConjunction(nodes []Node, args []evaluator) *junction {
	var free []conjunct
	var others []evaluator
	for i, n := range nodes {
		if cost, ok := harmless(n); ok {
			free = append(free, conjunct{eval: args[i], cost: cost, passed: 0.5})
		} else {
			others = append(others, args[i])
		}
	}
	j := newJunction(append(make([]evaluator, len(free)), others...), false)
	j.free = free
	j.sort()
	return j
}

// sort puts the parts that cannot fail in order.
func (j *junction) sort() {
	slices.SortStableFunc(j.free, func(a, b conjunct) int { return cmp.Compare(a.rank(), b.rank()) })
	for i := range j.free {
		j.args[i] = j.free[i].eval
	}
}

// saw takes how many rows a part was asked for and let pass.
func (j *junction) saw(i, asked, kept int) {
	if i < len(j.free) {
		j.free[i].asked += asked
		j.free[i].kept += kept
	}
}

// learn sorts the parts anew when enough rows have come. The last ones may have been
// asked for few: they keep their share until it was for enough.
func (j *junction) learn() {
	if len(j.free) < 2 || j.free[0].asked < lookEvery {
		return
	}
	for i := range j.free {
		if c := &j.free[i]; c.asked >= lookEvery/64 || i == 0 {
			c.passed = float64(c.kept) / float64(c.asked)
			c.asked, c.kept = 0, 0
		}
	}
	j.sort()
}

// totals are the comparisons that hold or do not for any two values.
var totals = totalComparisons()

func totalComparisons() map[uint32]float64 {
	costs := map[uint32]float64{}
	for _, f := range comparisons() {
		switch {
		case f.comparesInts:
			costs[f.oid] = 1
		case f.args[0] != f.args[1]:
		case f.args[0].Physical() == datum.PhysFloat, f.args[0].Physical() == datum.PhysInterval:
			costs[f.oid] = 3
		case f.args[0] == datum.Text, f.args[0] == datum.UUID, f.args[0] == datum.Bytea:
			costs[f.oid] = 4
		case f.args[0] == datum.Numeric:
			costs[f.oid] = 8
		}
	}
	return costs
}

// likes are LIKE, ILIKE and their negations: what they cost of a row.
var likes = map[uint32]float64{850: 15, 1569: 15, 851: 15, 1570: 15, 1633: 60, 1634: 60}

// harmless reports whether a node cannot fail for any row, and about what it costs.
func harmless(n Node) (cost float64, ok bool) {
	switch n := n.(type) {
	case *Column, *Const:
		return 0.5, true
	case *Coerce:
		if n.ViaIO {
			return 0, false
		}
		return harmless(n.Arg)
	case *Call:
		cost, ok = totals[n.Proc]
		if !ok {
			cost, ok = likes[n.Proc]
			ok = ok && goodPattern(n.Args[1])
		}
		if !ok {
			return 0, false
		}
		return allHarmless(cost, n.Args)
	case *Logic:
		return allHarmless(1, n.Args)
	case *In:
		return allHarmless(1, n.Equal)
	case *Test:
		return allHarmless(1, []Node{n.Arg})
	case *Coalesce:
		return allHarmless(1, n.Args)
	case *Distinct:
		return allHarmless(1, []Node{n.Left, n.Right, n.Equal})
	}
	return 0, false
}

func allHarmless(own float64, nodes []Node) (cost float64, ok bool) {
	for _, n := range nodes {
		c, ok := harmless(n)
		if !ok {
			return 0, false
		}
		own += c
	}
	return own, true
}

// goodPattern reports whether a pattern of LIKE is a literal that does not end with
// an escape character, which is an error for the rows that come so far.
func goodPattern(n Node) bool {
	c, ok := n.(*Const)
	if !ok || c.Value.Type != datum.Text {
		return false
	}
	if c.Value.IsNull(0) {
		return true
	}
	escapes := 0
	for p := c.Value.Bytes(0); len(p) > 0 && p[len(p)-1] == '\\'; p = p[:len(p)-1] {
		escapes++
	}
	return escapes%2 == 0
}
