package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/buger/jsonparser"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/consumer/format"
)

// newReader makes a client that reads the topic's partitions from the given
// offsets, with what every contender fetches by: the options of Millrace's own
// readers.
func newReader(j *job, from [Partitions]int64) (*kgo.Client, error) {
	offsets := map[int32]kgo.Offset{}
	for p, at := range from {
		offsets[int32(p)] = kgo.NewOffset().At(at)
	}
	return broker.NewClient(j.settings.Kafka, quiet(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{j.Topic: offsets}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxBytes(64<<20),
		kgo.FetchMaxPartitionBytes(8<<20),
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
	decoder := format.NewJSON([]format.Field{
		{Name: "channel", Column: 0, Type: datum.Text, Typmod: -1},
		{Name: "price", Column: 1, Type: datum.Int8, Typmod: -1},
	}, format.Env{})
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

// errEnough ends the parsing of a record that has given what was wanted.
var errEnough = errors.New("enough")

// parseBid extracts the fields that the query needs. Of jsonparser's functions
// this one is the fastest here (EachKey takes twice as long): it stops at the
// second field, checks nothing and does not unescape.
func parseBid(value []byte) (channel []byte, price int64, err error) {
	missing := 2
	err = jsonparser.ObjectEach(value, func(key, value []byte, _ jsonparser.ValueType, _ int) (err error) {
		switch string(key) {
		case "channel":
			channel = value
		case "price":
			if price, err = jsonparser.ParseInt(value); err != nil {
				return err
			}
		default:
			return nil
		}
		if missing--; missing == 0 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return channel, price, nil
	}
	if err == nil {
		err = errors.New("a field is missing")
	}
	return nil, 0, fmt.Errorf("channel and price of %q: %w", value, err)
}

// parse polls and extracts the rival's fields.
func parse(ctx context.Context, j *job) (t tally, err error) {
	t.Events, err = poll(ctx, j, func(_ int32, records []*kgo.Record) error {
		for _, r := range records {
			_, price, err := parseBid(r.Value)
			if err != nil {
				return err
			}
			t.Prices += price
		}
		return nil
	})
	return t, err
}
