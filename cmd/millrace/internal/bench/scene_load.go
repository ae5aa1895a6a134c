package bench

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
)

// generator gives the event of a number: the same one whenever it is asked.
type generator func(number int64) event

// hashed spreads events over groups as a hash does.
func hashed(groups int) generator {
	return func(number int64) event { return eventAt(number, groups) }
}

// spread is coprime to every number of groups that a person would give.
const spread = 7_368_787

// evenly gives each of the groups one event before any of them gets a second
// one, in an order without locality. Its channels and prices can be computed in SQL
// (see [scene.sums]).
func evenly(groups int) generator {
	return func(number int64) event {
		e := eventAt(number, groups)
		e.channel, e.price = int(number*spread%int64(groups)), 1+number%1000
		return e
	}
}

// makeTopic creates a topic of the bench.
func (s *scene) makeTopic(ctx context.Context, name string, partitions int) (string, error) {
	topic := s.at.name + "." + name
	created, err := s.at.admin.CreateTopic(ctx, int32(partitions), s.at.settings.Kafka.ReplicationFactor, nil, topic)
	if err == nil {
		err = created.Err
	}
	if err != nil {
		return "", fmt.Errorf("create topic %q: %w", topic, err)
	}
	return topic, nil
}

// encoding appends an event as JSON.
type encoding func(e event, b []byte) []byte

// appendShort writes only what the views of count, sum and avg by channel read.
func (e event) appendShort(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"price":`...), e.price, 10)
	return append(appendChannel(append(b, `,"channel":"`...), e.channel), `"}`...)
}

// fill produces events [from, to), event i into partition i modulo partitions,
// uncompressed.
func (s *scene) fill(ctx context.Context, topic string, partitions int, from, to int64, gen generator, encode encoding) error {
	p, err := newProducing(s.at, topic)
	if err != nil {
		return err
	}
	defer p.client.Close()
	every := max((to-from)/10, 100_000)
	for i := from; i < to; i++ {
		p.produce(ctx, encode(gen(i), make([]byte, 0, 288)), int32(i%int64(partitions)), time.Time{})
		if done := i - from + 1; done%every == 0 {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			progress(s.Progress, "filling topic "+topic, done, to-from)
		}
	}
	return p.flush(ctx)
}

// producing produces events to a topic.
type producing struct {
	client *kgo.Client

	mu  sync.Mutex // guards err
	err error
}

// newProducing makes a client; the caller closes it.
func newProducing(at *servers, topic string) (*producing, error) {
	client, err := broker.NewClient(at.settings.Kafka, quiet(),
		kgo.UnknownTopicRetries(100), // a busy broker tells late of a topic that it has just made
		kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(100_000))
	return &producing{client: client}, err
}

func (p *producing) produce(ctx context.Context, value []byte, partition int32, at time.Time) {
	r := &kgo.Record{Partition: partition, Value: value, Timestamp: at}
	p.client.Produce(ctx, r, func(_ *kgo.Record, err error) { p.note(err) })
}

// flush returns when the broker has everything.
func (p *producing) flush(ctx context.Context) error {
	p.note(p.client.Flush(ctx))
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *producing) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("produce: %w", err)
	}
}

// eventsTable is the plain table over which each view's SELECT is run to know
// what it must show.
const eventsTable = `CREATE UNLOGGED TABLE IF NOT EXISTS events (auction bigint, bidder bigint, price bigint, channel text COLLATE "C",
	"dateTime" timestamp, currency text COLLATE "C", attempt integer, mobile boolean)`

// store puts events [from, to) into the plain table.
func (s *scene) store(ctx context.Context, from, to int64, gen generator) error {
	if _, err := s.conn.Exec(ctx, eventsTable); err != nil {
		return err
	}
	s.say("storing %d events in a plain table", to-from)
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	i := from
	_, err := s.conn.CopyFrom(ctx, pgx.Identifier{"events"},
		[]string{"auction", "bidder", "price", "channel", "dateTime", "currency", "attempt", "mobile"},
		pgx.CopyFromFunc(func() ([]any, error) {
			if i == to {
				return nil, nil
			}
			e := gen(i)
			i++
			f := e.fields()
			return []any{
				f.auction, f.bidder, e.price, channelName(e.channel),
				pgtype.Timestamp{Time: day.Add(f.time), Valid: true},
				f.currency, f.attempt, f.mobile,
			}, nil
		}))
	if err == nil {
		_, err = s.conn.Exec(ctx, "ANALYZE events")
	}
	if err != nil {
		return fmt.Errorf("store the events: %w", err)
	}
	return nil
}

// eventFields are the fields of an event beside its channel and price that views
// of the scenes read.
type eventFields struct {
	auction, bidder int64
	time            time.Duration // of the day
	currency        string
	attempt         int32
	mobile          bool
}

// fields are what append writes.
func (e event) fields() eventFields {
	return eventFields{
		auction: 1000 + int64(e.noise%900_000), bidder: 1000 + int64(e.noise>>20%900_000),
		time:     time.Duration(e.number%86_400_000) * time.Millisecond,
		currency: [...]string{"EUR", "USD", "GBP", "JPY"}[e.noise%4],
		attempt:  int32(e.noise >> 8 % 5), mobile: e.noise&1 == 1,
	}
}
