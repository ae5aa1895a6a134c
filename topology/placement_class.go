package topology

// deal gives partitions that nobody owns to classes: to the one that has least
// of the kind for each of its members, among those that subscribe.
func (b *board) deal() {
	for p, owner := range b.owner {
		if owner != nobody {
			continue
		}
		best := nobody
		for c := range b.classes {
			if b.classes[c].subscribes(b.topic[p]) && (best == nobody || b.lighter(c, best, b.kind(p))) {
				best = c
			}
		}
		if best != nobody {
			b.settle(p, best)
		}
	}
}

// lighter reports whether class x has less of a kind than class y, for each of
// its members.
func (b *board) lighter(x, y int, k kind) bool {
	cx, cy := &b.classes[x], &b.classes[y]
	return cx.held[k]*len(cy.members) < cy.held[k]*len(cx.members)
}

// level moves partitions between classes, where members of one have more than
// twice as many as those of another and one to spare. It stops there: classes
// differ while the members learn of a view one after another, and what would
// move to make them even would move back a moment later. Yet a node whose
// catalog stays old, or is the only one that is new, has something to do.
func (b *board) level() {
	if len(b.classes) < 2 {
		return
	}
	for k := range kinds {
		for moved := true; moved; {
			moved = false
			for from := range b.classes {
				for to := range b.classes {
					for from != to && b.lopsided(from, to, k) && b.shift(from, to, k) {
						moved = true
					}
				}
			}
		}
	}
}

// lopsided reports whether a member of from has more than twice as many of a
// kind as one of to, and one more: held/n > 2*held/n + 1.
func (b *board) lopsided(from, to int, k kind) bool {
	f, t := &b.classes[from], &b.classes[to]
	return f.held[k]*len(t.members) > 2*t.held[k]*len(f.members)+len(f.members)*len(t.members)
}

// shift gives one partition of a class to another: one that nobody owns, else
// one of the member that has most of the kind. It reports whether there is any.
func (b *board) shift(from, to int, k kind) bool {
	load := make([]int, len(b.members))
	for p, m := range b.owner {
		if m != nobody && b.kind(p) == k {
			load[m]++
		}
	}
	best := nobody
	for p, home := range b.home {
		if home != from || b.kind(p) != k || !b.classes[to].subscribes(b.topic[p]) {
			continue
		}
		if b.owner[p] == nobody {
			best = p
			break
		}
		if best == nobody || load[b.owner[p]] > load[b.owner[best]] {
			best = p
		}
	}
	if best == nobody {
		return false
	}
	b.owner[best] = nobody
	b.settle(best, to)
	return true
}
