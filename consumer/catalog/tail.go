package catalog

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// tail reads the log from its start and applies what it reads.
type tail struct {
	topic  string
	admin  *broker.Admin
	client *kgo.Client
	state  *topology.Catalog
	next   int64 // the offset after the last one seen
}

// readOptions make a client a reader of the whole log.
func (c *Catalog) readOptions() []kgo.Opt {
	start := kgo.NewOffset().AtStart()
	return []kgo.Opt{
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{c.topic: {0: start}}),
		kgo.ConsumeResetOffset(start),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(),
	}
}

// closeReader closes a client that readOptions made a reader.
func (c *Catalog) closeReader(client *kgo.Client) {
	broker.CloseReader(client, map[string][]int32{c.topic: {0}})
}

// newTail returns a tail at the log's start, to be read by client.
func (c *Catalog) newTail(ctx context.Context, client *kgo.Client) (*tail, error) {
	starts, err := c.admin.StartOffsets(ctx, c.topic)
	if err != nil {
		return nil, fmt.Errorf("find the catalog's start: %w", err)
	}
	return &tail{topic: c.topic, admin: c.admin, client: client, state: topology.NewCatalog(), next: starts[0]}, nil
}

// toEnd reads behind everything that was committed before the call. It waits
// for a transaction that is open.
func (t *tail) toEnd(ctx context.Context) error {
	ends, err := t.admin.EndOffsets(ctx, t.topic)
	if err != nil {
		return fmt.Errorf("find the catalog's end: %w", err)
	}
	return t.readTo(ctx, ends[0])
}

// toStable reads what can be read now, and waits for no transaction.
func (t *tail) toStable(ctx context.Context) error {
	stable, err := t.admin.StableOffsets(ctx, t.topic)
	if err != nil {
		return fmt.Errorf("find how far the catalog can be read: %w", err)
	}
	return t.readTo(ctx, stable[0])
}

func (t *tail) readTo(ctx context.Context, end int64) error {
	for t.next < end {
		if _, err := t.poll(ctx); err != nil {
			return fmt.Errorf("read the catalog at offset %d of %d: %w", t.next, end, err)
		}
	}
	return nil
}

// poll waits for further records and applies them. Whole reports whether a
// transaction's marker came last (or a record that a stranger wrote outside of
// any), so that the state is one that was committed.
func (t *tail) poll(ctx context.Context) (whole bool, err error) {
	fetches := t.client.PollFetches(ctx)
	if err := fetches.Err0(); err != nil {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		return false, err
	}
	for _, failed := range fetches.Errors() {
		return false, fmt.Errorf("topic %q partition %d: %w", failed.Topic, failed.Partition, failed.Err)
	}
	fetches.EachRecord(func(r *kgo.Record) {
		t.next = r.Offset + 1
		whole = r.Attrs.IsControl() || !r.Attrs.IsTransactional()
		if !r.Attrs.IsControl() {
			t.state.ApplyBytes(r.Key, r.Value, r.Offset)
		}
	})
	return whole, nil
}
