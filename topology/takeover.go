package topology

import (
	"cmp"
	"slices"
	"time"
)

// The times of a takeover. A node that dies is taken out of the group at the
// second look that sees its lock free: about a second after its death.
const (
	// LookEvery is the time from one look to the next.
	LookEvery = 500 * time.Millisecond
	// Confirm is for how long a node must have been seen in need of rescue, so
	// at two looks at least. A connection that broke is made again by then, and
	// what was read of the nodes and of the group, one after the other, agrees.
	Confirm = 400 * time.Millisecond
	// Grace is for how long a node must have held its own lock, and have looked
	// without a break, before it takes another's free lock for a death. When
	// PostgreSQL restarts all locks are free at once, until each node has taken
	// its own again at its next look.
	Grace = 2 * time.Second
	// Stagger is what each rescuer leaves to those before it, and the time after
	// which a rescue that did not help is tried again.
	Stagger = time.Second
)

// Rescue is what a node does for another that can do nothing for itself.
type Rescue struct {
	Node NodeState
	// Expel says that the process is dead: it is taken out of the group. Else it
	// has only fallen silent, and the group has put it out by itself.
	Expel bool
}

// Watch decides, look by look, which nodes this one rescues. Its zero value has
// seen nothing yet. It is told of what is and remembers since when: nothing that
// it remembers outlives a doubt.
//
// A node is
//   - well, if its lock is held, and it is a member of the group or has not been
//     one since its start;
//   - dead, if its lock is free, whatever else is said of it: it entered, and
//     who leaves in order is listed no more;
//   - silent, if its lock is held, and it joined the group and is no member now:
//     its process is stopped, or has lost the brokers. Its open transactions
//     hold up its successors. Once that it is Fenced it needs nothing more.
//
// A rescue that hits a node that lives costs it a transaction and a rebalance, and
// breaks nothing. So Watch need not be certain; it has to be quick, and it must
// not turn a restart of PostgreSQL into a cluster that takes itself apart.
//
// Rescuers are the members that live, in order of their names from the name of
// the one in need on, around to it; for the dead, for want of members, others
// that live too. Who is no member cannot call others silent: when the brokers
// put everybody out, everybody joins again.
//
// Nodes without an entry are left alone, whatever the group says of them.
type Watch struct {
	last time.Time // of the looks
	// steady is since when this node has held its name, as one session, and has
	// looked without a break; zero if it does not now.
	steady time.Time
	held   time.Time // NodeState.Held of that session
	// need is who needs a rescue, by name.
	need map[string]sighting
}

// sighting is since when a node has been seen in need of rescue.
type sighting struct {
	incarnation ID
	dead        bool
	first       time.Time
	named       time.Time // when Look last named it to this node; zero before
}

// Look takes what a node sees at a moment: the nodes that have entered the
// cluster, itself included, and which nodes are members of the group. It
// returns what is to be done now, by this node, in order of the nodes' names.
// What stays undone is returned again after [Stagger].
//
// now must come from one clock for all looks; where it goes backwards, or stands
// still for longer than [Grace] because the process did, Watch begins anew.
func (w *Watch) Look(now time.Time, self string, nodes []NodeState, members map[string]bool) []Rescue {
	if !w.stand(now, self, nodes) {
		return nil
	}
	w.see(now, self, nodes, members)
	if !w.sure(now) {
		return nil
	}
	rank := ranks(self, nodes, members)
	var due []Rescue
	for i := range nodes {
		n := &nodes[i]
		s, ok := w.need[n.Node]
		if !ok || s.incarnation != n.Incarnation || now.Before(w.turn(s, rank(n.Node))) {
			continue
		}
		s.named = now
		w.need[n.Node] = s
		due = append(due, Rescue{Node: *n, Expel: s.dead})
	}
	slices.SortFunc(due, func(a, b Rescue) int { return cmp.Compare(a.Node.Node, b.Node.Node) })
	return due
}

// sure reports whether some need is certain by now, whoever's turn it is.
func (w *Watch) sure(now time.Time) bool {
	for _, s := range w.need {
		if !now.Before(w.turn(s, 0)) {
			return true
		}
	}
	return false
}

// turn is when this node, with so many rescuers before it, rescues one that is
// still in need by then.
func (w *Watch) turn(s sighting, before int) time.Time {
	if !s.named.IsZero() {
		return s.named.Add(Stagger)
	}
	sure := s.first.Add(Confirm)
	if judge := w.steady.Add(Grace); sure.Before(judge) {
		sure = judge
	}
	return sure.Add(Stagger * time.Duration(before))
}

// stand finds out whether this node may judge others: it holds its own name. All
// that was seen is forgotten where that has been in doubt since the last look.
func (w *Watch) stand(now time.Time, self string, nodes []NodeState) bool {
	since := now.Sub(w.last)
	i := slices.IndexFunc(nodes, func(n NodeState) bool { return n.Node == self })
	if i < 0 || !nodes[i].Alive {
		*w = Watch{}
		return false
	}
	if w.steady.IsZero() || since < 0 || since > Grace || !w.held.Equal(nodes[i].Held) {
		*w = Watch{steady: now, held: nodes[i].Held}
	}
	w.last = now
	return true
}

// see notes who needs a rescue now and did not at the last look, and forgets
// who does not any more.
func (w *Watch) see(now time.Time, self string, nodes []NodeState, members map[string]bool) {
	need := make(map[string]sighting)
	for i := range nodes {
		n := &nodes[i]
		silent := n.Alive && n.Joined && !n.Fenced && !members[n.Node] && members[self]
		if n.Node == self || n.Alive && !silent {
			continue
		}
		s, ok := w.need[n.Node]
		if !ok || s.incarnation != n.Incarnation || s.dead == n.Alive {
			s = sighting{incarnation: n.Incarnation, dead: !n.Alive, first: now}
		}
		need[n.Node] = s
	}
	w.need = need
}

// ranks returns a function that says how many rescuers of a node come before self:
// the members behind it by name, then those in front of it, then who lives
// and is no member, in the same order. So each node has another first rescuer,
// and where many die at once many help.
func ranks(self string, nodes []NodeState, members map[string]bool) func(of string) int {
	var peers []string // of self: those who are members as it is, or are none as it is
	first := 0
	for i := range nodes {
		n := &nodes[i]
		switch {
		case n.Alive && members[n.Node] == members[self]:
			peers = append(peers, n.Node)
		case n.Alive && members[n.Node]:
			first++
		}
	}
	slices.Sort(peers)
	at, _ := slices.BinarySearch(peers, self)
	return func(of string) int {
		behind, _ := slices.BinarySearch(peers, of)
		return first + (at-behind+len(peers))%len(peers)
	}
}
