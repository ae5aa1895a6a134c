package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func newProducer(t *testing.T, cfg Config) *Producer {
	t.Helper()
	p, err := NewProducer(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// readAll counts the values of a topic that holds n records.
func readAll(t *testing.T, cfg Config, topic string, n int) map[string]int {
	t.Helper()
	client, err := NewClient(cfg, quiet(), kgo.ConsumeTopics(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	values := map[string]int{}
	for read := 0; read < n; {
		fetches := client.PollFetches(testContext(t))
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) { values[string(r.Value)]++; read++ })
	}
	return values
}

func TestLines(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		a := newAdmin(t, cfg)
		name := newTopic(t, a, 3, nil)
		const n = 20_000
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, `{"number": %d, "text": "größer %s"}`+[]string{"\n", "\r\n", "\n\n", "\n \n"}[i%4], i, strings.Repeat("x", i%300))
		}
		in := strings.TrimRight(text.String(), " \r\n") // the last line has no end
		var records, bytes int64
		written, err := newProducer(t, cfg).Lines(testContext(t), name, strings.NewReader(in), func(r, b int64) {
			if r < records || b < bytes {
				t.Errorf("progress goes back: %d records, %d bytes", r, b)
			}
			records, bytes = r, b
		})
		if err != nil || written != n || records != n || bytes != int64(len(in)) {
			t.Fatalf("%d written, %v; progress said %d records, %d bytes of %d", written, err, records, bytes, len(in))
		}
		values := readAll(t, cfg, name, n)
		for i := range n {
			want := fmt.Sprintf(`{"number": %d, "text": "größer %s"}`, i, strings.Repeat("x", i%300))
			if values[want] != 1 {
				t.Fatalf("%q is there %d times", want, values[want])
			}
		}
	})
}

func TestLinesLongerThanTheTopicTakes(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		a := newAdmin(t, cfg)
		p := newProducer(t, cfg)
		const limit = 20_000
		name := newTopic(t, a, 1, map[string]string{"max.message.bytes": fmt.Sprint(limit)})
		// Bytes that do not compress: the broker's limit is about what is sent.
		line := func(n int) string {
			b := make([]byte, n)
			state := uint32(n)
			for i := range b {
				state = state*1664525 + 1013904223
				b[i] = '!' + byte(state>>24)%90
			}
			return string(b)
		}
		longest := line(limit - recordOverhead)
		if n, err := p.Lines(testContext(t), name, strings.NewReader(longest+"\n"+longest), nil); err != nil || n != 2 {
			t.Fatalf("two lines of the limit: %d, %v", n, err)
		}
		n, err := p.Lines(testContext(t), name, strings.NewReader("a\n\n"+line(limit)+"\nb\n"), nil)
		if n != 1 || !errors.Is(err, kerr.MessageTooLarge) || !strings.Contains(err.Error(), "line 3 ") || !strings.Contains(err.Error(), name) {
			t.Fatalf("a line beyond it: %d, %v", n, err)
		}
		readAll(t, cfg, name, 3)
	})
}

func TestLinesNameTheOneThatWasRefused(t *testing.T) {
	cluster, cfg := fake(t)
	name := newTopic(t, newAdmin(t, cfg), 1, nil)
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: name, Err: kerr.InvalidRecord, Count: -1})
	n, err := newProducer(t, cfg).Lines(testContext(t), name, strings.NewReader("\n\na\n"+strings.Repeat("b\n", 5000)), nil)
	if n != 0 || !errors.Is(err, kerr.InvalidRecord) || !strings.Contains(err.Error(), "line 3:") {
		t.Fatalf("%d, %v", n, err)
	}
}

func TestLinesIntoNothing(t *testing.T) {
	_, cfg := fake(t)
	name := topicName()
	n, err := newProducer(t, cfg).Lines(testContext(t), name, strings.NewReader("a\n"), nil)
	if n != 0 || !errors.Is(err, kerr.UnknownTopicOrPartition) || !strings.Contains(err.Error(), name) {
		t.Fatalf("%d, %v", n, err)
	}
}

// TestLinesCanceled stops in the middle of an input that has no end.
func TestLinesCanceled(t *testing.T) {
	_, cfg := fake(t)
	name := newTopic(t, newAdmin(t, cfg), 1, nil)
	stopped := errors.New("Ctrl-C")
	ctx, cancel := context.WithCancelCause(testContext(t))
	n, err := newProducer(t, cfg).Lines(ctx, name, endless{}, func(records, _ int64) {
		if records > 1000 {
			cancel(stopped)
		}
	})
	if n <= 1000 || !errors.Is(err, stopped) {
		t.Fatalf("%d, %v", n, err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = "line\n"[i%5]
	}
	return len(b) / 5 * 5, nil
}

func BenchmarkLines(b *testing.B) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BlackholeProduce(), kfake.SeedTopics(4, "bench"))
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Close()
	p, err := NewProducer(Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}, quiet())
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	var text strings.Builder
	const records = 200_000
	for i := range records {
		fmt.Fprintf(&text, `{"auction": %d, "bidder": %d, "price": %d.%02d, "channel": "channel-%d", "url": "https://example.org/item/%d", "note": "a record of about two hundred and fifty bytes, padded with some words that compress well enough to be like real ones"}`+"\n", i, i*7, i*31, i%100, i%10_000, i)
	}
	in := text.String()
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := p.Lines(b.Context(), "bench", io.Reader(strings.NewReader(in)), nil); err != nil || n != records {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
