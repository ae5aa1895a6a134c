package consumer

import (
	"testing"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// TestStreamCreatedAgain drops a stream with its view and creates both again
// over the same topic, in one change, while the node reads.
func TestStreamCreatedAgain(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	before := c.createView("v", true)
	n := c.start(c.config())
	c.produce(300)
	c.folded(before)
	stream, view := *c.stream, *before
	stream.ID, view.ID = topology.StreamID(NewID()), topology.ViewID(NewID())
	stream.Partials = topology.PartialsTopic(c.name, stream.ID)
	c.createTopic(broker.TopicSpec{Name: stream.Partials, Partitions: 2})
	view.Stream, view.Created = stream.ID, 0
	c.update(func(cat *topology.Catalog) ([]*topology.Record, error) {
		records, err := cat.DropStream(stream.Name, false, true)
		return append(records, &topology.Record{Kind: topology.KindStream, Name: stream.Name, Stream: &stream},
			&topology.Record{Kind: topology.KindView, Name: view.Name, View: &view}), err
	})
	c.stream = &stream
	c.produce(300)
	c.folded(&view)
	c.end(n)
	c.check(&view)
}
