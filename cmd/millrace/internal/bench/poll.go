package bench

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/consumer/format"
)

// newReader makes a client that reads the topic's partitions from the given
// offsets. The options are the best of those tried for a plain loop: fetches of
// 2 MiB of a partition stay in the processor's cache until they are parsed, which
// is 8 % less than with 8 MiB and as much less than with half a MiB; more than
// two at a time gain nothing, nor does waiting until there is more to fetch.
// Records are not pooled: what is handed out is the caller's.
func newReader(j *job, from [Partitions]int64) (*kgo.Client, error) {
	offsets := map[int32]kgo.Offset{}
	for p, at := range from {
		offsets[int32(p)] = kgo.NewOffset().At(at)
	}
	return broker.NewClient(j.settings.Kafka, quiet(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{j.Topic: offsets}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxBytes(64<<20),
		kgo.FetchMaxPartitionBytes(2<<20),
		kgo.MaxConcurrentFetches(2),
	)
}

// poll hands out all events of the topic, in stretches of one partition.
func poll(ctx context.Context, j *job, each func(partition int32, records []*kgo.Record) error) (int64, error) {
	client, err := newReader(j, [Partitions]int64{})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	var events int64
	for events < j.Events {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return events, fmt.Errorf("poll: %w", err)
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			events += int64(len(p.Records))
			if err == nil {
				err = each(p.Partition, p.Records)
			}
		})
		if err != nil {
			return events, err
		}
	}
	return events, nil
}

// bare polls and does nothing: what reading costs anybody.
func bare(ctx context.Context, j *job) (t tally, err error) {
	t.Events, err = poll(ctx, j, func(int32, []*kgo.Record) error { return nil })
	return t, err
}

// decode polls and fills columns, as a lane does before it aggregates.
func decode(ctx context.Context, j *job) (t tally, err error) {
	q, err := queryNamed(j.Query)
	if err != nil {
		return t, err
	}
	decoder := format.NewJSON(q.fields, format.Env{})
	var batch column.Batch
	decoder.Begin(&batch)
	take := func() {
		for _, price := range batch.Columns[1].Ints[:batch.Rows] {
			t.Prices += price
		}
		decoder.Begin(&batch)
	}
	t.Events, err = poll(ctx, j, func(_ int32, records []*kgo.Record) error {
		for _, r := range records {
			if err := decoder.Append(&batch, r.Value); err != nil {
				return err
			}
			if format.Full(&batch) {
				take()
			}
		}
		return nil
	})
	take()
	return t, err
}

// parse polls and extracts the rival's fields.
func parse(ctx context.Context, j *job) (t tally, err error) {
	q, err := queryNamed(j.Query)
	if err != nil {
		return t, err
	}
	priceOf := q.parser()
	t.Events, err = poll(ctx, j, func(_ int32, records []*kgo.Record) error {
		for _, r := range records {
			price, err := priceOf(r.Value)
			if err != nil {
				return err
			}
			t.Prices += price
		}
		return nil
	})
	return t, err
}
