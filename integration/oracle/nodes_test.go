package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/integration/system"
)

// start starts one more node and waits until it is ready.
func (w *whole) start() {
	name := fmt.Sprintf("node-%d", len(w.nodes)+1)
	w.nodes = append(w.nodes, w.cluster.StartAs(name).Ready())
}

// join has a second node join, where the run has two, and waits until each has
// a share of the input. It comes when the views are there: what one node makes of
// hundreds of CREATEs, two of them would make twice.
func (w *whole) join() {
	if w.o.nodes == oneNode {
		return
	}
	w.start()
	input := map[string]bool{}
	for _, s := range w.r.Streams {
		input[w.topic(s)] = true
	}
	system.Wait(w.t, time.Minute, "each node has a share of the input", func() bool {
		groups, err := w.admin.DescribeGroups(w.t.Context(), w.cluster.Name)
		if err != nil {
			w.t.Fatal(err)
		}
		sharing := 0
		for _, m := range groups[w.cluster.Name].Members {
			if given, ok := m.Assigned.AsConsumer(); ok && slices.ContainsFunc(given.Topics, func(t kmsg.ConsumerMemberAssignmentTopic) bool { return input[t.Topic] }) {
				sharing++
			}
		}
		return sharing == len(w.nodes)
	})
}

// awaitFlush chooses the node that is to die and waits until it has committed a
// flush. It returns the node's place.
func (w *whole) awaitFlush() int {
	at := w.rng.IntN(len(w.nodes))
	system.Wait(w.t, time.Minute, "the node that is to die has flushed", func() bool {
		return w.nodes[at].Metric("millrace_blocks_published_total", "") > 0
	})
	return at
}

// kill ends a node at once, which must have left something to do.
func (w *whole) kill(at int) {
	w.nodes[at].Kill()
	if lag := w.lag(); lag == 0 {
		w.t.Error("the node had nothing left to do when it died: the run shows nothing")
	} else {
		w.t.Logf("%s died while %d records were not committed", w.nodes[at].Name, lag)
	}
	w.nodes = append(w.nodes[:at], w.nodes[at+1:]...)
}

// lag is how many records of the streams' topics are behind no committed offset.
func (w *whole) lag() int64 {
	var topics []string
	for _, s := range w.r.Streams {
		topics = append(topics, w.topic(s))
	}
	committed, err := w.admin.FetchOffsets(w.t.Context(), w.cluster.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	ends, err := w.admin.ListEndOffsets(w.t.Context(), topics...)
	if err != nil {
		w.t.Fatal(err)
	}
	var lag int64
	ends.Each(func(end kadm.ListedOffset) {
		done, _ := committed.Lookup(end.Topic, end.Partition)
		lag += max(0, end.Offset-max(0, done.At))
	})
	return lag
}

// stopNodes ends the nodes in order. Each of them must have had its share.
func (w *whole) stopNodes() {
	for _, n := range w.nodes {
		if n.Metric("millrace_blocks_published_total", "") == 0 {
			w.t.Errorf("%s has flushed nothing: the run shows nothing", n.Name)
		}
	}
	for _, n := range w.nodes {
		if status := n.Stop(); status != 0 {
			w.t.Errorf("a node stopped with status %d", status)
		}
	}
}
