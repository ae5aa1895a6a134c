package topology

import "slices"

// class is the members that subscribe to the same topics.
type class struct {
	topics  []int // in order
	members []int // in order
	// held is how many partitions go to the class: of each topic, and of each kind.
	held   []int
	ofKind [kinds]int
}

// subscribes reports whether a class's members subscribe to a topic.
func (c *class) subscribes(topic int) bool {
	_, found := slices.BinarySearch(c.topics, topic)
	return found
}

// settle decides the class that a partition goes to.
func (b *board) settle(p, class int) {
	k, t := b.kind(p), b.topic[p]
	if was := b.home[p]; was != nobody {
		b.classes[was].ofKind[k]--
		b.classes[was].held[t]--
	}
	b.classes[class].ofKind[k]++
	b.classes[class].held[t]++
	b.home[p] = class
}

// deal gives partitions that nobody owns to classes: to the one that has least
// of the kind for each of its members, among those that subscribe.
func (b *board) deal() {
	for p, owner := range b.owner {
		if owner != nobody {
			continue
		}
		k := b.kind(p)
		best := nobody
		for c := range b.classes {
			if !b.classes[c].subscribes(b.topic[p]) {
				continue
			}
			if best == nobody || b.classes[c].ofKind[k]*len(b.classes[best].members) < b.classes[best].ofKind[k]*len(b.classes[c].members) {
				best = c
			}
		}
		if best != nobody {
			b.settle(p, best)
		}
	}
}

// level moves partitions from one class to another where members of the first
// have more than one more than members of the second, both in all and of the
// topics that both subscribe to. So who joins with another catalog than the rest
// has something to do. But what members have of topics that others do not know
// yet is not made up for: it would move back a moment later, when they know.
func (b *board) level() {
	if len(b.classes) < 2 {
		return
	}
	for k := range kinds {
		for moved := true; moved; { // ends: each move makes the classes more even
			moved = false
			for from := range b.classes {
				for to := range b.classes {
					for b.lopsided(from, to, k) && b.shift(from, to, k) {
						moved = true
					}
				}
			}
		}
	}
}

// lopsided reports whether members of from have more than one more of a kind than
// members of to, in all and of the topics of both.
func (b *board) lopsided(from, to int, k kind) bool {
	f, t := &b.classes[from], &b.classes[to]
	var shared [2]int
	for _, topic := range f.topics {
		if b.kindOf(topic) == k && t.subscribes(topic) {
			shared[0] += f.held[topic]
			shared[1] += t.held[topic]
		}
	}
	more := func(x, y int) bool { return x*len(t.members) > (y+len(t.members))*len(f.members) }
	return more(f.ofKind[k], t.ofKind[k]) && more(shared[0], shared[1])
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
