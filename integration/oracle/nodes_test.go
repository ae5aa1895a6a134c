package oracle

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/millrace/millrace/integration/system"
)

func (w *whole) startNodes() {
	count := 2
	if w.o.nodes == oneNode {
		count = 1
	}
	for i := range count {
		w.nodes = append(w.nodes, w.cluster.Start(fmt.Sprintf("MILLRACE_NODE=node-%d", i+1)))
	}
}

func (w *whole) ready() {
	for _, n := range w.nodes {
		n.Ready()
	}
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
		w.t.Logf("node %d died while %d records were not committed", at+1, lag)
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
	for i, n := range w.nodes {
		if n.Metric("millrace_blocks_published_total", "") == 0 {
			w.t.Errorf("node %d of %d has flushed nothing: the run shows nothing", i+1, len(w.nodes))
		}
	}
	for _, n := range w.nodes {
		if status := n.Stop(); status != 0 {
			w.t.Errorf("a node stopped with status %d", status)
		}
	}
}
