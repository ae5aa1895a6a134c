package integration

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// hanging logs the state of every transaction and of every producer that has one
// open in the topic: what a reader of committed records waits for.
func (p *probe) hanging(topic string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // the test's own may be over
	defer cancel()
	now := time.Now().UnixMilli()
	described, err := p.admin.DescribeTransactions(ctx)
	if err != nil {
		p.t.Logf("describe transactions: %v", err)
	}
	for _, d := range described.Sorted() {
		p.t.Logf("transaction %s: %s, producer %d epoch %d, begun %d ms ago, timeout %d ms, partitions %v", d.TxnID, d.State, d.ProducerID, d.ProducerEpoch,
			now-d.StartTimestamp, d.TimeoutMillis, d.Topics)
	}
	producers, err := p.admin.DescribeProducers(ctx, kadm.TopicsSet{topic: nil})
	if err != nil {
		p.t.Logf("describe producers of %s: %v", topic, err)
	}
	producers.EachProducer(func(d kadm.DescribedProducer) {
		if d.CurrentTxnStartOffset >= 0 {
			p.t.Logf("open in %s/%d since offset %d: producer %d epoch %d, coordinator epoch %d, last record %d ms ago", d.Topic, d.Partition,
				d.CurrentTxnStartOffset, d.ProducerID, d.ProducerEpoch, d.CoordinatorEpoch, now-d.LastTimestamp)
		}
	})
	committed, err := p.admin.ListCommittedOffsets(ctx, topic)
	ends, endsErr := p.admin.ListEndOffsets(ctx, topic)
	p.t.Logf("%s is committed up to %v (%v), ends at %v (%v)", topic, committed[topic], err, ends[topic], endsErr)
}
