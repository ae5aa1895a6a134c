package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/cmd/millrace/internal/bench/nexmark"
	"github.com/millrace/millrace/cmd/millrace/internal/embedded"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
)

// What generate writes is what the generator says, each event in its partition
// and in order.
func TestGenerate(t *testing.T) {
	broker, err := embedded.StartBroker(t.Context(), embedded.BrokerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	const events, partitions = 1300, 3
	var out bytes.Buffer
	s := GenerateSettings{
		Kafka: broker.Brokers(), Topic: "all", Partitions: partitions, Events: events, Kind: Nexmark, Groups: 1, JSON: true,
		Base: service.Settings{}, Out: &out, Progress: io.Discard,
	}
	s.Base.Kafka.ReplicationFactor = 1
	if err := Generate(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	var said generated
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	if said.Events != events || said.People != 26 || said.Auctions != 78 || said.Bids != 1196 {
		t.Errorf("%+v", said)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Brokers()...), kgo.ConsumeTopics("all"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	generator := nexmark.New()
	var read, size int64
	for read < events {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			number := r.Offset*partitions + int64(r.Partition)
			if want := generator.AppendEvent(nil, number); !bytes.Equal(r.Value, want) {
				t.Errorf("partition %d, offset %d: %s, not %s", r.Partition, r.Offset, r.Value, want)
			}
			read++
			size += int64(len(r.Value))
		})
	}
	if read != events || size != said.Bytes {
		t.Errorf("%d events of %d bytes, %d bytes were said", read, size, said.Bytes)
	}
	if err := Generate(t.Context(), s); err == nil || !strings.Contains(err.Error(), "all") {
		t.Errorf("a topic that exists: %v", err)
	}
}

func TestGenerateValidateNamesEveryFault(t *testing.T) {
	err := (&GenerateSettings{Kind: "people"}).Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"--topic", "--partitions", "--events", "--groups", "--kind"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}
