package topology

import "time"

// Rescue is what a node does for another that can do nothing for itself.
type Rescue struct {
	Node NodeState
	// Expel says that the process is dead: it is taken out of the group. Else it
	// has only fallen silent, and the group has put it out by itself.
	Expel bool
}

// Watch decides, look by look, which nodes this one rescues. Its zero value has
// seen nothing yet.
type Watch struct{}

// Look takes what a node sees at a moment: the nodes that have entered the
// cluster, itself included, and which nodes are members of the group. It
// returns what is to be done now, by this node.
func (w *Watch) Look(now time.Time, self string, nodes []NodeState, members map[string]bool) []Rescue {
	return nil
}
