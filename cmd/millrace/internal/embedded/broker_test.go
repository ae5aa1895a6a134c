package embedded

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBrokerTransacts(t *testing.T) {
	broker, err := StartBroker(t.Context(), BrokerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Brokers()...), kgo.TransactionalID("lane"), kgo.ConsumeTopics("events"),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if created, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, "events"); err != nil || created.Err != nil {
		t.Fatal(err, created.Err)
	}
	for value, end := range map[string]kgo.TransactionEndTry{"dropped": kgo.TryAbort, "kept": kgo.TryCommit} {
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "events", Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := client.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	records := client.PollFetches(t.Context()).Records()
	if len(records) != 1 || string(records[0].Value) != "kept" {
		t.Errorf("read %d records", len(records))
	}
}

func TestBrokerNamesItsPortInUse(t *testing.T) {
	first, err := StartBroker(t.Context(), BrokerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = StartBroker(t.Context(), BrokerOptions{Port: first.Port()})
	expectPortInUse(t, err, first.Port(), BrokerPortSetting)
}

func expectPortInUse(t *testing.T, err error, port int, setting string) {
	t.Helper()
	var inUse *PortInUseError
	if !errors.As(err, &inUse) || inUse.Port != port {
		t.Fatalf("got %v", err)
	}
	text := err.Error()
	if !strings.Contains(text, strconv.Itoa(port)) || !strings.Contains(text, setting) || strings.Contains(text, "\n") {
		t.Errorf("says %q", text)
	}
}
