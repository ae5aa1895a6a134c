package topology

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// world is a cluster for stories and simulations: processes, the registry in
// PostgreSQL and the group in Kafka, as the nodes would find them. What is
// decided in it, the functions under test decide.
type world struct {
	now        time.Time
	topics     []Topic
	processes  map[string]*process
	registry   map[string]*NodeState // the rows of those who entered and did not leave
	group      map[string]*Member    // by node: a world's node is one member
	generation int32
	started    int

	// What a look sees, made once for many; empty when something has happened.
	nodes   []NodeState
	members map[string]bool
}

// process is a node that runs, or is stopped.
type process struct {
	name    string
	watch   Watch
	stopped bool     // by SIGSTOP
	broken  bool     // its rescues fail
	knows   []string // the topics of the catalog that it knows; nil is all
	topics  []string // what it subscribed to last
}

// act is what a node did at a look.
type act struct {
	at       time.Duration
	by, to   string
	expelled bool
}

func (a act) String() string {
	if a.expelled {
		return fmt.Sprintf("%4.1fs  %s takes %s out of the group and ends its transactions", a.at.Seconds(), a.by, a.to)
	}
	return fmt.Sprintf("%4.1fs  %s ends the transactions of %s", a.at.Seconds(), a.by, a.to)
}

var dawn = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newWorld() *world {
	return &world{now: dawn, processes: map[string]*process{}, registry: map[string]*NodeState{}, group: map[string]*Member{}}
}

// start starts a node, which enters the registry.
func (w *world) start(name string) {
	w.started++
	w.processes[name] = &process{name: name}
	w.registry[name] = &NodeState{
		NodeInfo: NodeInfo{Node: name, Incarnation: ID{byte(w.started >> 16), byte(w.started >> 8), byte(w.started)}},
		Started:  w.now, Alive: true, Held: w.now,
	}
}

// join makes a node a member of the group, which owns nothing yet.
func (w *world) join(name string) {
	w.group[name] = &Member{ID: "id of " + name, Node: name, Generation: -1}
	if row := w.registry[name]; row != nil {
		row.Joined, row.Fenced = true, false
	}
}

// leave stops a node in order.
func (w *world) leave(name string) {
	delete(w.processes, name)
	delete(w.registry, name)
	delete(w.group, name)
}

// kill ends a process: PostgreSQL sees its connection closed, Kafka sees nothing.
func (w *world) kill(name string) {
	delete(w.processes, name)
	w.registry[name].Alive = false
}

// restartPostgres closes every session: the processes take their names again
// when they look next.
func (w *world) restartPostgres() {
	for _, row := range w.registry {
		row.Alive = false
	}
}

// look lets some time pass, in which every node that runs looks.
func (w *world) look(d time.Duration) (acts []act) {
	w.changed() // whoever called has done something
	for end := w.now.Add(d); w.now.Before(end); w.now = w.now.Add(LookEvery) {
		for _, name := range slices.Sorted(maps.Keys(w.processes)) {
			if p := w.processes[name]; !p.stopped {
				acts = append(acts, w.lookOf(p)...)
			}
		}
	}
	return acts
}

// lookOf is a look as the consumer package makes it: the registry takes the
// node's own name again where it was lost.
func (w *world) lookOf(p *process) (acts []act) {
	if own := w.registry[p.name]; own != nil && !own.Alive {
		own.Alive, own.Held = true, w.now
		if i := slices.IndexFunc(w.nodes, func(n NodeState) bool { return n.Node == p.name }); i >= 0 {
			w.nodes[i] = *own
		}
	}
	if w.nodes == nil {
		for _, name := range slices.Sorted(maps.Keys(w.registry)) {
			w.nodes = append(w.nodes, *w.registry[name])
		}
		w.members = make(map[string]bool, len(w.group))
		for name := range w.group {
			w.members[name] = true
		}
	}
	for _, r := range p.watch.Look(w.now, p.name, w.nodes, w.members) {
		acts = append(acts, act{w.now.Sub(dawn), p.name, r.Node.Node, r.Expel})
		if !p.broken {
			w.rescue(r)
		}
	}
	return acts
}

// changed says that what looks have seen is no more.
func (w *world) changed() { w.nodes, w.members = nil, nil }

func (w *world) rescue(r Rescue) {
	if r.Expel {
		delete(w.group, r.Node.Node)
		delete(w.registry, r.Node.Node)
	} else {
		w.registry[r.Node.Node].Fenced = true
	}
	w.changed()
}

// subscribe is what a node asks the group for.
func (w *world) subscribe(m *Member) {
	if p := w.processes[m.Node]; p != nil && !p.stopped { // others have said it before
		p.topics = p.knows
		if p.knows == nil {
			p.topics = nil
			for _, t := range w.topics {
				p.topics = append(p.topics, t.Name)
			}
		}
		m.Topics = p.topics
	}
}

// place is one round of the group's protocol: the members join, one decides, and
// all that somebody has to give up first stays with nobody until the next round.
// It returns those partitions.
func (w *world) place() (revoked map[TopicPartition]string) {
	var members []Member
	owner := map[TopicPartition]*Member{} // of two in one generation the first by name, as in Place
	for _, name := range slices.Sorted(maps.Keys(w.group)) {
		m := w.group[name]
		w.subscribe(m)
		members = append(members, *m)
		for _, tp := range m.Owned {
			if was := owner[tp]; was == nil || was.Generation < m.Generation {
				owner[tp] = m
			}
		}
	}
	placed := Place(members, w.topics)
	w.generation++
	revoked = map[TopicPartition]string{}
	next := map[TopicPartition]string{}
	for _, m := range w.group {
		for _, tp := range placed[m.ID] {
			next[tp] = m.Node
		}
	}
	for tp, m := range owner {
		if next[tp] != m.Node {
			revoked[tp] = m.Node
		}
	}
	for _, m := range w.group {
		m.Generation = w.generation
		m.Owned = slices.DeleteFunc(placed[m.ID], func(tp TopicPartition) bool { _, waits := revoked[tp]; return waits })
	}
	return revoked
}

// settle places until nobody gives anything up, as the group does, and returns
// who gave up what.
func (w *world) settle() (moved map[TopicPartition]string, rounds int) {
	moved = map[TopicPartition]string{}
	for {
		revoked := w.place()
		rounds++
		maps.Copy(moved, revoked)
		if len(revoked) == 0 || rounds > 9 {
			return moved, rounds
		}
	}
}
