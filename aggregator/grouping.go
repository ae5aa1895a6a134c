package aggregator

// grouping is what views with the same WHERE and GROUP BY have in common: in
// which group a batch's rows are. The first view to take a batch in looks that up
// in its table. Each of the others has a table of its own (it is flushed by
// itself, and may have begun elsewhere), but needs no lookup: what its group for
// the first view's group is, it has noted. That is four bytes a group where a
// lookup touches slots and keys, a fifth of the time or less.
type grouping struct {
	filter *expression
	keys   []*expression

	turn   uint64   // of the batch that the following are of
	table  *table   // of the view that looked
	groups []uint32 // its groups, by row
}

// translation is one view's groups for those of another table, while neither
// forgets its own.
type translation struct {
	from, to           *table
	fromRound, toRound uint64
	groups             []uint32 // id plus 1, 0 where it is not known
	unknown            []int32  // rows of the batch at hand
}

// groupingOf returns the grouping by keys within a condition.
func (x *Expressions) groupingOf(filter *expression, keys []*expression) *grouping {
	for _, g := range x.groupings {
		if g.filter == filter && equalKeys(g.keys, keys) {
			return g
		}
	}
	g := &grouping{filter: filter, keys: append([]*expression(nil), keys...)}
	x.groupings = append(x.groupings, g)
	return g
}

func equalKeys(a, b []*expression) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// assign finds the group of each row. Where a row has failed, here or where the
// groups come from, the views do not have the same rows and each looks by itself.
func (v *View) assign(rows []int32) {
	g, t := v.grouping, v.states.table
	if len(v.keys) == 0 || v.errs.Any() || v.plan.AppendOnly {
		t.assign(v.keyValues, rows, v.groups)
		return
	}
	if g.turn == v.expressions.turn {
		v.translate(g, rows)
		return
	}
	t.assign(v.keyValues, rows, v.groups)
	g.turn, g.table, g.groups = v.expressions.turn, t, v.groups
}

// translate is assign by another view's groups.
func (v *View) translate(g *grouping, rows []int32) {
	n, t := &v.noted, v.states.table
	if n.from != g.table || n.to != t || n.fromRound != g.table.round || n.toRound != t.round {
		if n.to != t {
			n.groups = nil // its memory is too much by now
		}
		n.from, n.to, n.fromRound, n.toRound = g.table, t, g.table.round, t.round
		n.groups = n.groups[:0]
	}
	for len(n.groups) < g.table.groups {
		n.groups = append(n.groups, 0)
	}
	ids, noted, groups := g.groups, n.groups, v.groups
	n.unknown = n.unknown[:0]
	for _, r := range rows {
		id := noted[ids[r]]
		if id == 0 {
			n.unknown = append(n.unknown, r)
		}
		groups[r] = id - 1
	}
	if len(n.unknown) == 0 {
		return
	}
	t.assign(v.keyValues, n.unknown, groups)
	for _, r := range n.unknown {
		noted[ids[r]] = groups[r] + 1
	}
}
