package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Batches writes batches of records, each whole or not at all. One goroutine
// uses it; a batch ends before the next one begins.
type Batches struct {
	cfg    Config
	prefix string
	logger *slog.Logger
	// single writes the batches that are one record batch of Kafka's: made when
	// first needed, and kept.
	single *kgo.Client
	limit  int32 // of a record batch, for single
}

// NewBatches returns a writer of batches. prefix begins the transactional ids of
// large batches. It connects when first used; the caller closes it.
func NewBatches(cfg Config, prefix string, logger *slog.Logger) *Batches {
	return &Batches{cfg: cfg, prefix: prefix, logger: logger}
}

// Close closes the connections.
func (b *Batches) Close() {
	if b.single != nil {
		b.single.Close()
	}
}

const (
	// singleBytes is the most that goes as one record batch: what is larger is a
	// transaction anyway, and no broker takes less by default.
	singleBytes = 900_000
	// perRecord and perBatch bound what Kafka's format adds to the values.
	perRecord, perBatch = 40, 200

	// A transaction that a killed process leaves behind holds the topic's readers
	// back until it times out, so that it has no more time than it needs.
	transactionFloor   = time.Minute
	transactionCeiling = 15 * time.Minute // transaction.max.timeout.ms, as brokers have it by default
	transactionSpeed   = 2 << 20          // bytes a second that any broker takes
	finishTimeout      = 30 * time.Second
)

// ErrOutcome occurs when the answer to a batch's end was lost: its records may
// all be there, or none.
var ErrOutcome = errors.New("whether the records were written is not known: Kafka's answer was lost")

// Batch is a number of records for one topic. A small one is a single record
// batch of one partition, which Kafka takes whole or not at all; a large one is
// a transaction over all partitions.
type Batch struct {
	to      *Batches
	topic   Topic
	pending []*kgo.Record
	bytes   int
	size    int64       // that is expected
	client  *kgo.Client // of the transaction, nil while there is none
	values  []byte      // space for records' values
	count   int64

	// mu guards the first failure.
	mu     sync.Mutex
	failed error
}

// Begin begins a batch of about so many bytes for a topic.
func (b *Batches) Begin(topic Topic, bytes int64) *Batch {
	return &Batch{to: b, topic: topic, size: bytes}
}

const valueSpace = 1 << 20

// Add adds a record; value is copied, and nil is a record without a value. It blocks while much waits for the broker.
// The error may be about an earlier record: the batch is lost then.
func (b *Batch) Add(ctx context.Context, value []byte) error {
	b.count++
	if limit := int(b.topic.MaxMessageBytes) - recordOverhead; len(value) > limit {
		return fmt.Errorf("record %d has %d bytes, and the topic's max.message.bytes leaves %d for a record: %w",
			b.count, len(value), limit, kerr.MessageTooLarge)
	}
	if len(value) > len(b.values) {
		b.values = make([]byte, max(valueSpace, len(value)))
	}
	n := copy(b.values, value)
	record := &kgo.Record{Topic: b.topic.Name}
	if value != nil {
		record.Value = b.values[:n:n]
	}
	b.values = b.values[n:]
	if b.client != nil {
		b.client.Produce(ctx, record, b.promise)
		return b.failure()
	}
	b.pending = append(b.pending, record)
	if b.bytes += n + perRecord; b.bytes+perBatch > min(singleBytes, int(b.topic.MaxMessageBytes)) {
		return b.enlarge(ctx)
	}
	return nil
}

// Records returns how many records were added.
func (b *Batch) Records() int64 { return b.count }

// enlarge goes on as a transaction.
func (b *Batch) enlarge(ctx context.Context) error {
	timeout := transactionFloor + time.Duration(b.size/transactionSpeed)*time.Second
	client, err := NewClient(b.to.cfg, b.to.logger,
		kgo.TransactionalID(b.to.prefix+randomID()),
		kgo.TransactionTimeout(min(timeout, transactionCeiling)),
		kgo.ProducerBatchCompression(kgo.SnappyCompression()),
		kgo.ProducerBatchMaxBytes(min(max(b.topic.MaxMessageBytes, 512), 1<<30)),
		kgo.MaxBufferedBytes(produceBuffer),
		kgo.MaxBufferedRecords(produceRecords),
		kgo.RecordDeliveryTimeout(deliveryTimeout),
	)
	if err != nil {
		return err
	}
	b.client = client
	if err := client.BeginTransaction(); err != nil {
		return fmt.Errorf("begin a Kafka transaction: %w", err)
	}
	for _, r := range b.pending {
		client.Produce(ctx, r, b.promise)
	}
	b.pending = nil
	return b.failure()
}

func randomID() string { return fmt.Sprintf("%016x", rand.Uint64()) }

func (b *Batch) promise(_ *kgo.Record, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed == nil {
		b.failed = err
	}
}

func (b *Batch) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed != nil {
		return fmt.Errorf("produce to topic %q: %w", b.topic.Name, b.failed)
	}
	return nil
}

// Commit makes the records visible, all of them. After an error there are none,
// unless it is [ErrOutcome].
func (b *Batch) Commit(ctx context.Context) error {
	if b.client == nil {
		return b.commitSingle(ctx)
	}
	if err := b.client.Flush(ctx); err != nil {
		return b.abandon(withCause(ctx, err))
	}
	if err := b.failure(); err != nil {
		return b.abandon(err)
	}
	// A cancelled commit would have an outcome that nobody knows.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	err := b.client.EndTransaction(end, kgo.TryCommit)
	switch {
	case err == nil:
		b.client.Close()
		b.client = nil
		return nil
	case errors.Is(err, kerr.OperationNotAttempted), errors.Is(err, kerr.TransactionAbortable):
		return b.abandon(fmt.Errorf("commit the Kafka transaction: %w", err))
	}
	return b.abandon(fmt.Errorf("%w (%w)", ErrOutcome, err))
}

// commitSingle writes the records as one record batch.
func (b *Batch) commitSingle(ctx context.Context) error {
	if len(b.pending) == 0 {
		return nil
	}
	if err := b.to.open(b.topic.MaxMessageBytes); err != nil {
		return err
	}
	partition := rand.Int32N(b.topic.Partitions)
	for _, r := range b.pending {
		r.Partition = partition
		b.to.single.Produce(ctx, r, b.promise)
	}
	b.pending = nil
	if err := b.to.single.Flush(ctx); err != nil {
		_ = b.to.single.AbortBufferedRecords(context.WithoutCancel(ctx))
		return withCause(ctx, err)
	}
	return b.failure()
}

// open makes the client of single record batches, with a limit that the
// topic's batches fit into.
func (b *Batches) open(limit int32) error {
	if b.single != nil && b.limit >= limit {
		return nil
	}
	b.Close()
	var err error
	b.single, err = NewClient(b.cfg, b.logger,
		kgo.ProducerBatchCompression(kgo.SnappyCompression()),
		kgo.ProducerBatchMaxBytes(min(max(limit, 512), 1<<30)),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ManualFlushing(), // so that nothing leaves before the last record is in its batch
		kgo.MaxBufferedRecords(singleBytes/perRecord+1),
		kgo.RecordDeliveryTimeout(deliveryTimeout),
	)
	b.limit = limit
	return err
}

// Abort throws the records away. It does nothing behind a commit.
func (b *Batch) Abort() {
	b.pending = nil
	if b.client != nil {
		_ = b.abandon(nil) // the broker ends by its timeout what it is not told to end
	}
}

// abandon aborts the transaction, as far as the broker can be reached, and
// returns why.
func (b *Batch) abandon(why error) error {
	ctx, cancel := context.WithTimeout(context.Background(), finishTimeout)
	defer cancel()
	_ = b.client.AbortBufferedRecords(ctx)
	if err := b.client.EndTransaction(ctx, kgo.TryAbort); err != nil {
		b.to.logger.Warn("a Kafka transaction could not be aborted: it ends by its timeout", "topic", b.topic.Name, "error", err)
	}
	b.client.Close()
	b.client = nil
	return why
}
