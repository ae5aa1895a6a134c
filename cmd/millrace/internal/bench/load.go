package bench

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/consumer/broker"
)

// load fills a topic.
type load struct {
	topic      string
	partitions int
	events     int64
	maker      func(b []byte, number int64) []byte
	progress   io.Writer
}

// fill creates the topic and produces the query's events, event i into partition
// i modulo four, uncompressed. It returns how many bytes all values have.
func (at *servers) fill(ctx context.Context, q *query, topic string, s *Settings) (bytes int64, err error) {
	l := load{topic: topic, partitions: Partitions, events: s.Events, progress: s.Progress}
	if l.maker, err = q.kind.maker(s.Groups); err != nil {
		return 0, err
	}
	if err := l.create(ctx, at.admin, at.settings.Kafka.ReplicationFactor); err != nil {
		return 0, err
	}
	return l.run(ctx, at.settings)
}

func (l *load) create(ctx context.Context, admin *kadm.Client, replication int16) error {
	created, err := admin.CreateTopic(ctx, int32(l.partitions), replication, nil, l.topic)
	if err == nil {
		err = created.Err
	}
	if err != nil {
		return fmt.Errorf("create topic %q: %w", l.topic, err)
	}
	return nil
}

// slabEvents is how many events are made at once: their records and values are
// allocated together.
const slabEvents = 512

// run produces all events and returns how many bytes their values have.
func (l *load) run(ctx context.Context, settings service.Settings) (bytes int64, err error) {
	client, err := broker.NewClient(settings.Kafka, quiet(),
		kgo.DefaultProduceTopic(l.topic), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(100_000),
	)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	var once sync.Once
	failed := make(chan error, 1)
	done := func(_ *kgo.Record, err error) {
		if err != nil {
			once.Do(func() { failed <- err })
		}
	}
	step := max(l.events/10/slabEvents, 1) * slabEvents
	for first := int64(0); first < l.events; first += slabEvents {
		if first > 0 && first%step == 0 {
			progress(l.progress, "filling the topic", first, l.events)
		}
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		records := make([]kgo.Record, min(slabEvents, l.events-first))
		values := make([]byte, 0, slabEvents*300)
		for i := range records {
			start := len(values)
			number := first + int64(i)
			values = l.maker(values, number)
			r := &records[i]
			r.Partition, r.Value = int32(number%int64(l.partitions)), values[start:len(values):len(values)]
			client.Produce(ctx, r, done)
		}
		bytes += int64(len(values))
	}
	if err := client.Flush(ctx); err != nil {
		return 0, fmt.Errorf("fill topic %q: %w", l.topic, err)
	}
	select {
	case err := <-failed:
		return 0, fmt.Errorf("fill topic %q: %w", l.topic, err)
	default:
		return bytes, nil
	}
}

func progress(w io.Writer, what string, done, all int64) {
	fmt.Fprintf(w, "%s: %d of %d events (%d %%)\n", what, done, all, 100*done/all)
}
