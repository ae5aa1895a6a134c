// Package dead reads the dead letters of streams: records that could not be
// decoded or evaluated, as the worker set them aside.
package dead

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/consumer/broker"
)

// Letter is a dead letter.
type Letter struct {
	At        time.Time // when it was set aside
	Stream    string
	Topic     string // that the record is from, with Partition and Offset
	Partition int32
	Offset    int64
	Time      time.Time // the record's own
	Stage     string    // decode or evaluate
	Code      string    // SQLSTATE
	Reason    string
	Views     []string // that miss the record
	Key       []byte
	Value     []byte
}

// Reader reads dead-letter topics.
type Reader struct {
	Config broker.Config
	Admin  *broker.Admin
	Log    *slog.Logger
}

// Newest returns a topic's newest letters, at most limit, the oldest first. A
// topic that does not exist has none.
func (r *Reader) Newest(ctx context.Context, stream, topic string, limit int) ([]Letter, error) {
	first, err := r.Admin.StartOffsets(ctx, topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ends, err := r.Admin.EndOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	var all []Letter
	for p := range int32(len(ends)) {
		letters, err := r.partition(ctx, stream, place{topic, p, first[p], ends[p]}, limit)
		if err != nil {
			return nil, fmt.Errorf("read dead letters of stream %q: %w", stream, err)
		}
		all = append(all, letters...)
	}
	return all, nil
}

// place is a partition and where it begins and ends.
type place struct {
	topic      string
	partition  int32
	first, end int64
}

// partition looks back from the end, further and further until there are
// enough: markers of transactions take offsets too, so their number tells little.
func (r *Reader) partition(ctx context.Context, stream string, at place, limit int) ([]Letter, error) {
	for window := int64(4 * limit); ; window *= 4 {
		from := max(at.first, at.end-window)
		letters, err := r.read(ctx, stream, at, from, limit)
		if err != nil || len(letters) == limit || from == at.first {
			return letters, err
		}
	}
}

func (r *Reader) read(ctx context.Context, stream string, at place, from int64, limit int) ([]Letter, error) {
	if from >= at.end {
		return nil, nil
	}
	client, err := broker.NewClient(r.Config, r.Log,
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{at.topic: {at.partition: kgo.NewOffset().At(from)}}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var letters []Letter
	for next := from; next < at.end; {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for _, failed := range fetches.Errors() {
			return nil, fmt.Errorf("topic %q: %w", failed.Topic, failed.Err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			next = record.Offset + 1
			if !record.Attrs.IsControl() && record.Offset < at.end {
				letters = append(letters, letterOf(stream, record))
			}
		})
		if len(letters) > 2*limit {
			letters = append([]Letter{}, letters[len(letters)-limit:]...)
		}
	}
	return letters[max(0, len(letters)-limit):], nil
}

// letterOf takes a record apart. The worker's headers come last, so that the
// record's own of the same names do not count.
func letterOf(stream string, r *kgo.Record) Letter {
	l := Letter{At: r.Timestamp, Stream: stream, Key: r.Key, Value: r.Value, Offset: -1, Partition: -1}
	for _, h := range r.Headers {
		text := string(h.Value)
		switch h.Key {
		case consumer.HeaderReason:
			l.Reason = text
		case consumer.HeaderCode:
			l.Code = text
		case consumer.HeaderStage:
			l.Stage = text
		case consumer.HeaderTopic:
			l.Topic = text
		case consumer.HeaderPartition:
			if n, err := strconv.ParseInt(text, 10, 32); err == nil {
				l.Partition = int32(n)
			}
		case consumer.HeaderOffset:
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				l.Offset = n
			}
		case consumer.HeaderViews:
			l.Views = strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
		case consumer.HeaderTime:
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				l.Time = time.UnixMilli(n)
			}
		}
	}
	return l
}
