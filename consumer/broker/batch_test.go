package broker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func newBatches(t *testing.T, cfg Config) *Batches {
	t.Helper()
	b := NewBatches(cfg, topicName()+".", quiet())
	t.Cleanup(b.Close)
	return b
}

func describe(t *testing.T, a *Admin, name string) Topic {
	t.Helper()
	topic, err := a.Topic(testContext(t), name)
	if err != nil {
		t.Fatal(err)
	}
	return topic
}

// readCommitted reads n records that are committed.
func readCommitted(t *testing.T, cfg Config, topic string, n int) []*kgo.Record {
	t.Helper()
	client, err := NewClient(cfg, quiet(), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var all []*kgo.Record
	for len(all) < n {
		fetches := client.PollFetches(testContext(t))
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		all = append(all, fetches.Records()...)
	}
	return all
}

func add(t *testing.T, b *Batch, n int, format string) {
	t.Helper()
	for i := range n {
		if err := b.Add(testContext(t), fmt.Appendf(nil, format, i)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBatchesAreWholeOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		a := newAdmin(t, cfg)
		topic := describe(t, a, newTopic(t, a, 3, nil))
		batches := newBatches(t, cfg)
		padding := strings.Repeat("x", 100)

		dropped := batches.Begin(topic, 0)
		add(t, dropped, 5, "dropped %d")
		dropped.Abort()
		large := batches.Begin(topic, 4<<20)
		add(t, large, 30_000, "aborted %d "+padding)
		large.Abort()
		for range 2 {
			b := batches.Begin(topic, 0)
			add(t, b, 1000, "small %d")
			if err := b.Commit(testContext(t)); err != nil || b.Records() != 1000 {
				t.Fatal(err, b.Records())
			}
			b.Abort() // does nothing now
		}
		large = batches.Begin(topic, 4<<20)
		add(t, large, 30_000, "large %d "+padding)
		if err := large.Commit(testContext(t)); err != nil {
			t.Fatal(err)
		}

		kinds, partitions := map[string]int{}, map[int32]bool{}
		small := map[int32][]string{}
		for _, r := range readCommitted(t, cfg, topic.Name, 32_000) {
			kind, _, _ := strings.Cut(string(r.Value), " ")
			kinds[kind]++
			if kind == "large" {
				partitions[r.Partition] = true
			} else {
				small[r.Partition] = append(small[r.Partition], string(r.Value))
			}
		}
		if len(kinds) != 2 || kinds["small"] != 2000 || kinds["large"] != 30_000 || len(partitions) != 3 {
			t.Errorf("read %v in partitions %v", kinds, partitions)
		}
		for partition, values := range small {
			if len(values)%1000 != 0 || values[0] != "small 0" || values[999] != "small 999" {
				t.Errorf("partition %d has %d records of small batches, the first %q", partition, len(values), values[0])
			}
		}
	})
}

// TestSmallBatchIsOneRecordBatch proves what makes a small batch whole: it is
// one record batch of Kafka's, also where it is as large as it can be.
func TestSmallBatchIsOneRecordBatch(t *testing.T) {
	for _, limit := range []string{"", "100000"} {
		cluster, cfg := fake(t)
		a := newAdmin(t, cfg)
		settings := map[string]string{}
		if limit != "" {
			settings["max.message.bytes"] = limit
		}
		topic := describe(t, a, newTopic(t, a, 4, settings))
		requests := 0
		cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
			cluster.KeepControl()
			requests++
			return nil, nil, false
		})
		b := newBatches(t, cfg).Begin(topic, 0)
		for b.client == nil && b.bytes < min(singleBytes, int(topic.MaxMessageBytes))-1000 {
			add(t, b, 1, fmt.Sprint(b.count)+" %d")
		}
		if b.client != nil || b.count < 2000 {
			t.Fatalf("a transaction after %d records", b.count)
		}
		if err := b.Commit(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if requests != 1 {
			t.Errorf("max.message.bytes %q: %d produce requests for %d records", limit, requests, b.count)
		}
	}
}

func TestBatchErrors(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		a := newAdmin(t, cfg)
		topic := describe(t, a, newTopic(t, a, 1, map[string]string{"max.message.bytes": "10000"}))
		batches := newBatches(t, cfg)
		b := batches.Begin(topic, 0)
		add(t, b, 1, "fits %d")
		err := b.Add(testContext(t), make([]byte, 10_000))
		if !errors.Is(err, kerr.MessageTooLarge) || !strings.Contains(err.Error(), "record 2 has 10000 bytes") {
			t.Errorf("a record that is too large: %v", err)
		}
		b.Abort()

		ctx, cancel := context.WithCancel(testContext(t))
		b = batches.Begin(topic, 0)
		add(t, b, 1000, "cancelled %d"+strings.Repeat("x", 20))
		if b.client == nil {
			t.Fatal("not large")
		}
		cancel()
		if err := b.Commit(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a commit that was cancelled: %v", err)
		}
		b = batches.Begin(topic, 0)
		add(t, b, 1, "last")
		if err := b.Commit(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if all := readCommitted(t, cfg, topic.Name, 1); string(all[0].Value[:4]) != "last" {
			t.Errorf("read %q", all[0].Value)
		}
	})
}

// TestBatchThatTheBrokerRefuses has the broker refuse a produce request in the
// middle of a large batch, and a commit.
func TestBatchThatTheBrokerRefuses(t *testing.T) {
	cluster, cfg := fake(t, kfake.SeedTopics(1, "refused"))
	topic := describe(t, newAdmin(t, cfg), "refused")
	batches := newBatches(t, cfg)
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.EndTxn} {
		b := batches.Begin(topic, 0)
		cluster.ControlKey(int16(key), func(request kmsg.Request) (kmsg.Response, error, bool) {
			if end, ok := request.(*kmsg.EndTxnRequest); ok {
				response := end.ResponseKind().(*kmsg.EndTxnResponse)
				response.ErrorCode = kerr.UnknownServerError.Code
				return response, nil, true
			}
			produce := request.(*kmsg.ProduceRequest)
			response := produce.ResponseKind().(*kmsg.ProduceResponse)
			for _, t := range produce.Topics {
				answer := kmsg.ProduceResponseTopic{Topic: t.Topic, TopicID: t.TopicID}
				for _, p := range t.Partitions {
					answer.Partitions = append(answer.Partitions, kmsg.ProduceResponseTopicPartition{
						Partition: p.Partition, ErrorCode: kerr.TopicAuthorizationFailed.Code,
					})
				}
				response.Topics = append(response.Topics, answer)
			}
			return response, nil, true
		})
		var err error
		for i := 0; i < 30_000 && err == nil; i++ {
			err = b.Add(testContext(t), []byte(strings.Repeat("x", 100)))
		}
		if err == nil {
			err = b.Commit(testContext(t))
		}
		b.Abort()
		if err == nil || (key == kmsg.EndTxn) != errors.Is(err, ErrOutcome) {
			t.Errorf("%v was refused, and the error is %v", key.Name(), err)
		}
	}
	b := batches.Begin(topic, 0)
	add(t, b, 1, "last")
	if err := b.Commit(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if all := readCommitted(t, cfg, topic.Name, 1); string(all[0].Value[:4]) != "last" {
		t.Errorf("read %q", all[0].Value)
	}
}
