package consumer

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// problems are what stops streams, views and partitions now. A problem goes when
// what it stopped goes on or is another node's, or when its stream or view is no
// more. The zero value is ready for use.
type problems struct {
	some atomic.Bool // there are any: a quick look

	mu     sync.Mutex // guards the rest
	open   map[problemKey]string
	ids    map[string]topology.ID // of the catalog's streams and views, by subject
	topics map[string]bool        // that the catalog's streams use; nil before it is known
}

// problemKey is a subject ("view v") and the partition where it has a problem;
// the zero partition for all.
type problemKey struct {
	subject string
	tp      topology.TopicPartition
}

// String names the problem for people.
func (k problemKey) String() string {
	if k.tp.Topic == "" {
		return k.subject
	}
	return fmt.Sprintf("%s (%s/%d)", k.subject, k.tp.Topic, k.tp.Partition)
}

// report takes a problem. It is false for one that is known, and for one with a
// topic that nothing in the catalog uses any more.
func (p *problems) report(k problemKey, text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.open[k]; ok && known == text || k.tp.Topic != "" && p.topics != nil && !p.topics[k.tp.Topic] {
		return false
	}
	if p.open == nil {
		p.open = map[problemKey]string{}
	}
	p.open[k] = text
	p.some.Store(true)
	return true
}

// solved forgets a problem; it reports whether there was one.
func (p *problems) solved(k problemKey) bool {
	if !p.some.Load() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.open[k]
	delete(p.open, k)
	p.some.Store(len(p.open) > 0)
	return ok
}

// leave forgets the problems of partitions that are another node's now: what
// stops them, that one finds.
func (p *problems) leave(parts []topology.TopicPartition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.open, func(k problemKey, _ string) bool { return slices.Contains(parts, k.tp) })
	p.some.Store(len(p.open) > 0)
}

// know forgets the problems of streams, views and topics that a newer catalog
// does not have, or has anew.
func (p *problems) know(c *topology.Catalog) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.ids
	p.ids, p.topics = map[string]topology.ID{}, map[string]bool{}
	for _, s := range c.Streams() {
		p.ids["stream "+s.Name] = topology.ID(s.ID)
		p.topics[s.Topic], p.topics[s.Partials] = true, true
	}
	for _, v := range c.Views() {
		p.ids["view "+v.Name] = topology.ID(v.ID)
	}
	for k := range p.open {
		id, was := before[k.subject]
		if was && p.ids[k.subject] != id || k.tp.Topic != "" && !p.topics[k.tp.Topic] {
			delete(p.open, k)
		}
	}
	p.some.Store(len(p.open) > 0)
}

// Problems returns what stops a stream, a view or a partition now, by its name.
func (n *Node) Problems() map[string]string {
	n.problems.mu.Lock()
	defer n.problems.mu.Unlock()
	out := make(map[string]string, len(n.problems.open))
	for k, text := range n.problems.open {
		out[k.String()] = text
	}
	return out
}

// problem reports what stops a stream, a view or a partition: once as long as
// it stays the same.
func (n *Node) problem(subject string, tp topology.TopicPartition, err error) {
	key := problemKey{subject, tp}
	if !n.problems.report(key, err.Error()) {
		return
	}
	n.metrics.problems.Inc()
	n.log.Error("stopped", "what", key.String(), "error", broker.Explain(err))
}

// solved says that something goes on that a problem had stopped.
func (n *Node) solved(subject string, tp topology.TopicPartition) {
	key := problemKey{subject, tp}
	if n.problems.solved(key) {
		n.log.Info("goes on", "what", key.String())
	}
}
