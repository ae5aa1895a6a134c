package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
)

// steadyEvery is how often a steady load produces to each partition.
const steadyEvery = 10 * time.Millisecond

// steadyLoad produces a number of events a second to each partition, dated by
// when they are made.
type steadyLoad struct {
	client     *kgo.Client
	partitions int
	rate       int // events a second and partition
	groups     int
	want       *expected // valid when run has returned

	mu  sync.Mutex // guards err
	err error
}

func newSteadyLoad(at *servers, topic string, s *FailoverSettings) (*steadyLoad, error) {
	client, err := broker.NewClient(at.settings.Kafka, quiet(), kgo.DefaultProduceTopic(topic),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return nil, err
	}
	return &steadyLoad{
		client: client, partitions: s.Partitions, rate: s.Rate, groups: s.Groups, want: &expected{groups: make([]group, s.Groups)},
	}, nil
}

// run produces until ctx ends, and returns when the broker has everything.
func (l *steadyLoad) run(ctx context.Context) {
	defer l.client.Close()
	tick := time.NewTicker(steadyEvery)
	defer tick.Stop()
	began, made := time.Now(), 0
	for {
		now := time.Now()
		due := int(now.Sub(began).Seconds() * float64(l.rate))
		for ; made < due; made++ {
			for p := range l.partitions {
				l.produce(ctx, int64(made*l.partitions+p), int32(p), now)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			l.note(l.client.Flush(last))
			cancel()
			return
		}
	}
}

func (l *steadyLoad) produce(ctx context.Context, number int64, partition int32, now time.Time) {
	e := eventAt(number, l.groups)
	value := e.append(make([]byte, 0, 288))
	l.want.add(e, len(value))
	l.client.Produce(context.WithoutCancel(ctx), &kgo.Record{Partition: partition, Value: value, Timestamp: now}, func(_ *kgo.Record, err error) { l.note(err) })
}

func (l *steadyLoad) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("produce: %w", err)
	}
}

func (l *steadyLoad) fault() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
