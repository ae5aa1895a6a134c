package topology

import (
	"cmp"
	"slices"
)

// TopicPartition names a partition of a topic.
type TopicPartition struct {
	Topic     string
	Partition Partition
}

// Compare orders by topic, then partition, as [cmp.Compare] does.
func (tp TopicPartition) Compare(other TopicPartition) int {
	return cmp.Or(cmp.Compare(tp.Topic, other.Topic), cmp.Compare(tp.Partition, other.Partition))
}

// Member is a member of the cluster's group, as the member that decides sees it.
type Member struct {
	ID     string   // the group's name for it
	Node   string   // its node's name
	Topics []string // that it subscribes to: it gets no others
	// Owned is what it says that it has been given so far, in Generation.
	Owned      []TopicPartition
	Generation int32
}

// Topic is a topic whose partitions are to be placed.
type Topic struct {
	Name       string
	Partitions int32
	Partials   bool // a stream's partials topic, else an input topic
}

// Place decides which member gets which partitions, by member id: every member
// has an entry, its partitions are in order of topic and number. The order of
// the arguments does not matter, and they are not changed.
//
// It promises, in this order:
//
//  1. Each partition to which some member subscribes is given to exactly one,
//     which subscribes to it.
//  2. Members that subscribe to the same topics, as all do unless a node's catalog
//     is old, are even: in input partitions, in partials partitions and in both
//     together none has two more than another.
//  3. No fewer moves would do. A partition moves where its owner has to give it up
//     for the second promise: so a member that joins gets its share and nothing
//     else moves, and of one that leaves nothing moves but what it had. Placing
//     again what was placed moves nothing.
//  4. What has to be given to someone, and what has to be given up by someone, is
//     chosen so that each topic is spread evenly too. No partition moves for that
//     alone: partitions of one topic may be unlike in load, and a move always costs.
//
// While members subscribe to different topics, which lasts for the moments in
// which they learn of a new view, those who can take over from others do so
// (see [board.level]); that is good, and not always the least number of moves.
//
// Where two members say that they own a partition, the one with the higher
// Generation does: the other missed its revocation.
//
// Kafka's sticky assignors look for ways to pass partitions on between any two
// members, because theirs may subscribe to anything. Ours are alike, so that
// quotas say at once what each has to get, and are exact.
func Place(members []Member, topics []Topic) map[string][]TopicPartition {
	b := newBoard(members, topics)
	b.claim()
	b.deal()
	b.level()
	for c := range b.classes {
		b.spread(c)
	}
	return b.placed()
}

// kind is what a topic carries: each kind is spread by itself.
type kind int

const (
	inputs kind = iota
	partials
	kinds
)

// nobody owns a partition that is to be given to someone.
const nobody = -1

// board is a placement in the making. Members, topics and partitions go by
// their index: members in order of node and id, topics in order of name, and
// the partitions of all topics in one row.
type board struct {
	members []Member
	topics  []Topic
	names   map[string]int // topics by name
	first   []int          // by topic: the index of its partition 0; one more for the end
	topic   []int          // by partition
	owner   []int          // by partition: a member, or nobody
	// home is the class that a partition goes to, whoever owns it; nobody's where
	// no member subscribes to it.
	home    []int
	classes []class
	classOf []int // by member
}

func newBoard(members []Member, topics []Topic) *board {
	b := &board{members: slices.Clone(members), topics: slices.Clone(topics)}
	slices.SortFunc(b.members, func(x, y Member) int {
		return cmp.Or(cmp.Compare(x.Node, y.Node), cmp.Compare(x.ID, y.ID))
	})
	slices.SortFunc(b.topics, func(x, y Topic) int { return cmp.Compare(x.Name, y.Name) })
	for t, topic := range b.topics {
		b.first = append(b.first, len(b.topic))
		for range topic.Partitions {
			b.topic = append(b.topic, t)
		}
	}
	b.first = append(b.first, len(b.topic))
	b.owner = slices.Repeat([]int{nobody}, len(b.topic))
	b.home = slices.Repeat([]int{nobody}, len(b.topic))
	b.names = make(map[string]int, len(b.topics))
	for t := range b.topics {
		b.names[b.topics[t].Name] = t
	}
	b.classify()
	return b
}

// classify finds out which members subscribe to the same topics. There are few
// classes: one, and a second while members learn of a new view.
func (b *board) classify() {
	for m := range b.members {
		if m > 0 && slices.Equal(b.members[m].Topics, b.members[m-1].Topics) { // nearly always
			b.enrol(m, b.classOf[m-1])
			continue
		}
		subscribed := b.subscription(b.members[m].Topics)
		c := slices.IndexFunc(b.classes, func(c class) bool { return slices.Equal(c.topics, subscribed) })
		if c < 0 {
			c = len(b.classes)
			b.classes = append(b.classes, class{topics: subscribed, held: make([]int, len(b.topics))})
		}
		b.enrol(m, c)
	}
}

func (b *board) enrol(member, class int) {
	b.classes[class].members = append(b.classes[class].members, member)
	b.classOf = append(b.classOf, class)
}

// subscription returns the topics of these names, in order, without those that
// do not exist.
func (b *board) subscription(topics []string) []int {
	var subscribed []int
	for _, name := range topics {
		if t, ok := b.names[name]; ok {
			subscribed = append(subscribed, t)
		}
	}
	slices.Sort(subscribed)
	return slices.Compact(subscribed)
}

func (b *board) kind(partition int) kind { return b.kindOf(b.topic[partition]) }

func (b *board) kindOf(topic int) kind {
	if b.topics[topic].Partials {
		return partials
	}
	return inputs
}

// claim leaves partitions with the members that own them.
func (b *board) claim() {
	for m := range b.members {
		c := b.classOf[m]
		t, ok := 0, false
		for i, owned := range b.members[m].Owned {
			if i == 0 || owned.Topic != b.members[m].Owned[i-1].Topic {
				t, ok = b.names[owned.Topic]
			}
			if !ok || owned.Partition < 0 || owned.Partition >= b.topics[t].Partitions || !b.classes[c].subscribes(t) {
				continue
			}
			p := b.first[t] + int(owned.Partition)
			if was := b.owner[p]; was == nobody || b.members[was].Generation < b.members[m].Generation {
				b.owner[p] = m
			}
		}
	}
	for p, m := range b.owner {
		if m != nobody {
			b.settle(p, b.classOf[m])
		}
	}
}

// placed is the board as others read it.
func (b *board) placed() map[string][]TopicPartition {
	parts := make([][]TopicPartition, len(b.members))
	for p, m := range b.owner {
		if m != nobody {
			t := b.topic[p]
			parts[m] = append(parts[m], TopicPartition{b.topics[t].Name, Partition(p - b.first[t])})
		}
	}
	placed := make(map[string][]TopicPartition, len(b.members))
	for m := range b.members {
		placed[b.members[m].ID] = parts[m]
	}
	return placed
}
