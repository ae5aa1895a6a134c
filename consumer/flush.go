package consumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

// sealed is one flush, ready to be published: what a lane read since the one
// before, as blocks, and the offsets up to which it read.
type sealed struct {
	records []*kgo.Record // blocks and dead letters
	commits []offsetCommit
	rows    int64
}

// offsetCommit is what a flush commits for one input partition.
type offsetCommit struct {
	tp       topology.TopicPartition
	topicID  topology.TopicID
	offset   int64
	metadata string
}

// publisher carries out a lane's flushes, each in one Kafka transaction.
type publisher struct {
	client        *kgo.Client
	transactional string
	group         string
	members       *membership
	// addOffsets is set where the broker wants to be told of the group before
	// it takes offsets (transaction.version below 2).
	addOffsets bool
	inject     func(point string) bool
}

func newPublisher(ctx context.Context, cfg *Config, opts []kgo.Opt, lane int, members *membership) (*publisher, error) {
	id := transactionalID(cfg.Cluster, cfg.Node, lane, cfg.TransactionSuffix)
	client, err := kgo.NewClient(append(opts,
		kgo.ClientID(topology.ClientID(cfg.Cluster, cfg.Node)),
		kgo.TransactionalID(id),
		kgo.TransactionTimeout(cfg.TransactionTimeout),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		compressing(cfg.PartialsCompression),
		kgo.ProducerLinger(0),
	)...)
	if err != nil {
		return nil, fmt.Errorf("kafka producer %q: %w", id, err)
	}
	p := &publisher{client: client, transactional: id, group: cfg.Cluster, members: members, inject: cfg.inject}
	// Takes the transactional id: whatever a former process of this name left
	// open is aborted, before any committed offset is read.
	if _, _, err := client.ProducerID(ctx); err != nil {
		client.Close()
		return nil, fmt.Errorf("take transactional id %q: %w", id, err)
	}
	p.addOffsets, err = wantsAddOffsets(ctx, client)
	if err != nil {
		client.Close()
		return nil, err
	}
	return p, nil
}

// wantsAddOffsets asks the cluster for its finalized transaction.version.
func wantsAddOffsets(ctx context.Context, client *kgo.Client) (bool, error) {
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, client)
	if err != nil {
		return false, fmt.Errorf("ask for the broker's features: %w", err)
	}
	for _, f := range resp.FinalizedFeatures {
		if f.Name == "transaction.version" && f.MaxVersionLevel >= 2 {
			return false, nil
		}
	}
	return true, nil
}

// publish makes a flush visible and commits its offsets, both or neither. After
// an error nothing of it counts, or its outcome is unknown: the committed
// offsets tell.
func (p *publisher) publish(ctx context.Context, s *sealed) error {
	if err := p.client.BeginTransaction(); err != nil {
		return fmt.Errorf("begin the flush's transaction: %w", errors.Join(errProducerBroken, err))
	}
	p.inject(pointBegun)
	err := p.produce(ctx, s.records)
	if err == nil {
		p.inject(pointProduced)
		err = p.commitOffsets(ctx, s.commits)
	}
	if err != nil {
		return errors.Join(err, p.abort(ctx))
	}
	p.inject(pointOffsets)
	if err := p.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return errors.Join(fmt.Errorf("commit the flush: %w", err), p.abort(ctx))
	}
	p.inject(pointCommitted)
	return nil
}

func (p *publisher) abort(ctx context.Context) error {
	if err := p.client.AbortBufferedRecords(ctx); err != nil {
		return fmt.Errorf("abort the flush's records: %w", errors.Join(errProducerBroken, err))
	}
	if err := p.client.EndTransaction(ctx, kgo.TryAbort); err != nil {
		return fmt.Errorf("abort the flush: %w", errors.Join(errProducerBroken, err))
	}
	return nil
}

// produce sends every record and returns the first refusal. Neither Flush nor
// EndTransaction says that a record was refused.
func (p *publisher) produce(ctx context.Context, records []*kgo.Record) error {
	if err := p.reach(ctx, records); err != nil {
		return err
	}
	var mu sync.Mutex // guards refused
	var refused error
	for _, r := range records {
		p.client.Produce(ctx, r, func(r *kgo.Record, err error) {
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if refused == nil {
				refused = fmt.Errorf("publish a block of %d bytes to %s/%d: %w", len(r.Value), r.Topic, r.Partition, err)
			}
		})
	}
	if err := p.client.Flush(ctx); err != nil {
		return fmt.Errorf("flush the blocks: %w", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if p.inject(guardRefused) {
		return nil
	}
	return refused
}

// commitOffsets adds exactly the flush's offsets to the transaction, signed by
// the group member that owns all of its partitions now.
func (p *publisher) commitOffsets(ctx context.Context, commits []offsetCommit) error {
	parts := make([]topology.TopicPartition, len(commits))
	for i, c := range commits {
		parts[i] = c.tp
	}
	id, epoch, err := p.client.ProducerID(ctx)
	if err != nil {
		return fmt.Errorf("producer id: %w", err)
	}
	if p.addOffsets {
		if err := p.addOffsetsToTxn(ctx, id, epoch); err != nil {
			return err
		}
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch = p.transactional, p.group, id, epoch
	for _, c := range commits {
		t := kmsg.NewTxnOffsetCommitRequestTopic()
		t.Topic, t.TopicID = c.tp.Topic, [16]byte(c.topicID)
		tp := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		tp.Partition, tp.Offset, tp.Metadata = c.tp.Partition, c.offset, kmsg.StringPtr(c.metadata)
		t.Partitions = append(t.Partitions, tp)
		req.Topics = append(req.Topics, t)
	}
	// A rebalance begins a new generation, of which this node hears a moment
	// after the broker: the commit is then signed again, if the partitions are
	// still this node's.
	return retryConcurrent(ctx, func() error {
		var err error
		if req.MemberID, req.Generation, err = p.identity(parts); err != nil {
			return err
		}
		resp, err := req.RequestWith(ctx, p.client)
		if err != nil {
			return fmt.Errorf("commit input offsets: %w", err)
		}
		return offsetFaults(resp, commits)
	}, kerr.IllegalGeneration)
}

// identity signs an offset commit (see [membership.identity]); without it the
// broker takes the commit for one outside of any group.
func (p *publisher) identity(parts []topology.TopicPartition) (member string, generation int32, err error) {
	if p.inject(guardIdentity) {
		return "", -1, nil
	}
	return p.members.identity(parts)
}

// offsetFaults returns the first refusal. Newer answers name topics by id only.
func offsetFaults(resp *kmsg.TxnOffsetCommitResponse, commits []offsetCommit) error {
	for _, t := range resp.Topics {
		name := t.Topic
		for _, c := range commits {
			if name == "" && c.topicID == topology.TopicID(t.TopicID) {
				name = c.tp.Topic
			}
		}
		for _, tp := range t.Partitions {
			if err := kerr.ErrorForCode(tp.ErrorCode); err != nil {
				return fmt.Errorf("commit input offset of %s/%d: %w", name, tp.Partition, err)
			}
		}
	}
	return nil
}

func (p *publisher) addOffsetsToTxn(ctx context.Context, id int64, epoch int16) error {
	req := kmsg.NewPtrAddOffsetsToTxnRequest()
	req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch = p.transactional, p.group, id, epoch
	return retryConcurrent(ctx, func() error {
		resp, err := req.RequestWith(ctx, p.client)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		if err != nil {
			return fmt.Errorf("add the group to the flush's transaction: %w", err)
		}
		return nil
	})
}

// errProducerBroken occurs when a flush's transaction could be neither begun nor
// aborted: the producer has to be made anew.
var errProducerBroken = errors.New("producer unusable")

// fatalProducer reports whether a flush failed in a way that the producer does
// not outlive.
func fatalProducer(err error) bool {
	if errors.Is(err, errProducerBroken) {
		return true
	}
	for _, code := range []error{
		kerr.InvalidProducerEpoch, kerr.ProducerFenced, kerr.InvalidTxnState,
		kerr.InvalidProducerIDMapping, kerr.UnknownProducerID, kerr.OperationNotAttempted,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// retryConcurrent tries again, for about two seconds, while the broker is still
// ending the transaction before or loading its coordinator, or while it answers
// with one of the given errors.
func retryConcurrent(ctx context.Context, try func() error, also ...error) error {
	passing := append(also, kerr.ConcurrentTransactions, kerr.CoordinatorLoadInProgress, kerr.NotCoordinator)
	wait := time.NewTimer(0)
	defer wait.Stop()
	for attempt := 0; ; attempt++ {
		err := try()
		if attempt >= 100 || !slices.ContainsFunc(passing, func(p error) bool { return errors.Is(err, p) }) {
			return err
		}
		wait.Reset(20 * time.Millisecond)
		select {
		case <-wait.C:
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		}
	}
}
