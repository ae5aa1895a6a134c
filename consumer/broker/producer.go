package broker

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// produceBuffer bounds what waits for a broker: beyond it, reading stops.
	produceBuffer  = 64 << 20
	produceRecords = 200_000
	// deliveryTimeout ends a command against brokers that stay away.
	deliveryTimeout = 2 * time.Minute
	// recordOverhead is what a batch of one record needs beside its value.
	recordOverhead = 128
)

// Producer writes lines to topics, idempotently: a retry doubles nothing.
type Producer struct {
	admin  *Admin
	client *kgo.Client
	limits sync.Map // topic name → max.message.bytes, int32
}

// NewProducer returns a Producer. The caller closes it.
func NewProducer(cfg Config, logger *slog.Logger) (*Producer, error) {
	admin, err := NewAdmin(cfg, logger)
	if err != nil {
		return nil, err
	}
	p := &Producer{admin: admin}
	p.client, err = NewClient(cfg, logger,
		// Of the codecs, Snappy costs this client least CPU (see BenchmarkLines:
		// LZ4 a quarter more, zstd nearly twice as much).
		kgo.ProducerBatchCompression(kgo.SnappyCompression()),
		kgo.ProducerBatchMaxBytesFn(p.limit),
		kgo.MaxBufferedBytes(produceBuffer),
		kgo.MaxBufferedRecords(produceRecords),
		kgo.RecordDeliveryTimeout(deliveryTimeout),
	)
	if err != nil {
		admin.Close()
		return nil, err
	}
	return p, nil
}

// Close closes the clients.
func (p *Producer) Close() {
	p.client.Close()
	p.admin.Close()
}

// limit is asked when the client first meets a topic; the client takes 512 to
// 1<<30.
func (p *Producer) limit(topic string) int32 {
	if n, known := p.limits.Load(topic); known {
		return min(max(n.(int32), 512), 1<<30)
	}
	return defaultMaxMessageBytes
}

// Lines writes each line of r as a record's value, without its line end (LF or
// CRLF); blank lines are left out, and nothing looks into the others. It
// returns how many records the broker has acknowledged: all of them where there
// is no error. The error names the first line that was not written; others
// before and after it may have been. Progress, which may be nil, is called
// from this goroutine, some times a second at most, with the records
// acknowledged and the bytes of r read so far.
func (p *Producer) Lines(ctx context.Context, topic string, r io.Reader, progress func(records, bytes int64)) (int64, error) {
	t, err := p.admin.Topic(ctx, topic)
	if err != nil {
		return 0, err
	}
	p.limits.Store(topic, t.MaxMessageBytes)
	d := &delivery{client: p.client, topic: topic, progress: progress}
	err = d.send(ctx, newLineReader(r, int(t.MaxMessageBytes)-recordOverhead))
	if first := d.failure(); first != nil && (err == nil || ctx.Err() == nil) {
		err = first
	}
	if err != nil {
		return d.acknowledged.Load(), fmt.Errorf("produce to topic %q: %w", topic, err)
	}
	return d.acknowledged.Load(), nil
}
