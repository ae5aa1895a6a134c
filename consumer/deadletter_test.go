package consumer

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/topology"
)

// TestDeadLetterTooLarge has a record that cannot be decoded and that, with the
// headers of a dead letter, no topic would take: it must not stop the lane.
func TestDeadLetterTooLarge(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	v := c.createView("v", true)
	producer, err := kgo.NewClient(kgo.SeedBrokers(c.kafka.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(4<<20), kgo.MaxBufferedBytes(8<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	large := &kgo.Record{Topic: c.stream.Topic, Value: []byte(`{"k": "` + strings.Repeat("x", 2<<20))}
	c.send(producer, large)
	c.want[0] = append(c.want[0], event{bad: true})
	c.produce(100)
	n := c.start(c.config())
	c.folded(v)
	c.end(n)
	c.check(v)
}
