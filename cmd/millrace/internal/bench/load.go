package bench

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
)

// group is the result that one group must have.
type group struct{ count, sum, low, high int64 }

// expected is what the events of a run must add up to.
type expected struct {
	events, bytes, prices int64
	groups                []group // by channel
}

func (x *expected) add(e event, bytes int) {
	x.events++
	x.bytes += int64(bytes)
	x.prices += e.price
	g := &x.groups[e.channel]
	if g.count == 0 {
		g.low, g.high = e.price, e.price
	}
	g.count++
	g.sum += e.price
	g.low, g.high = min(g.low, e.price), max(g.high, e.price)
}

// fill creates the topic and produces all events, event i into partition i
// modulo four, uncompressed.
func (at *servers) fill(ctx context.Context, topic string, s *Settings) (*expected, error) {
	created, err := at.admin.CreateTopic(ctx, Partitions, at.settings.Kafka.ReplicationFactor, nil, topic)
	if err == nil {
		err = created.Err
	}
	if err != nil {
		return nil, fmt.Errorf("create topic %q: %w", topic, err)
	}
	client, err := broker.NewClient(at.settings.Kafka, quiet(),
		kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(100_000),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	want := &expected{groups: make([]group, s.Groups)}
	var once sync.Once
	failed := make(chan error, 1)
	done := func(_ *kgo.Record, err error) {
		if err != nil {
			once.Do(func() { failed <- err })
		}
	}
	for i := range s.Events {
		e := eventAt(i, s.Groups)
		value := e.append(make([]byte, 0, 288))
		want.add(e, len(value))
		client.Produce(ctx, &kgo.Record{Partition: int32(i % Partitions), Value: value}, done)
		if (i+1)%max(s.Events/10, 1) == 0 {
			if err := ctx.Err(); err != nil {
				return nil, context.Cause(ctx)
			}
			progress(s.Progress, "filling the topic", i+1, s.Events)
		}
	}
	if err := client.Flush(ctx); err != nil {
		return nil, fmt.Errorf("fill topic %q: %w", topic, err)
	}
	select {
	case err := <-failed:
		return nil, fmt.Errorf("fill topic %q: %w", topic, err)
	default:
		return want, nil
	}
}

func progress(w io.Writer, what string, done, all int64) {
	fmt.Fprintf(w, "%s: %d of %d events (%d %%)\n", what, done, all, 100*done/all)
}
