package harness

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestSharedServersServe(t *testing.T) {
	env := Get(t)
	first, second := env.DatabaseURL(t), env.DatabaseURL(t)
	if first == second {
		t.Fatal("two databases of one name")
	}
	if err := execute(t.Context(), first, "CREATE TABLE here ()"); err != nil {
		t.Fatal(err)
	}
	if err := execute(t.Context(), second, "TABLE here"); err == nil {
		t.Error("one database's table is seen in another")
	}
	topic := env.Cluster(t) + ".events"
	transact(t, env.Brokers, topic, "hello")
	if got := readCommitted(t, env.Brokers, topic, 1); got != "hello" {
		t.Errorf("read %q", got)
	}
	if Get(t) != env {
		t.Error("the second Get gives other servers")
	}
}

// TestKafkaComesBack kills a broker and stops one: both times what was
// committed is there again, at the same address.
func TestKafkaComesBack(t *testing.T) {
	t.Parallel()
	k := NewKafka(t)
	transact(t, k.Brokers(), "events", "before the kill")
	k.Kill(t)
	k.Restart(t)
	transact(t, k.Brokers(), "events", "before the stop")
	k.Stop(t)
	k.Restart(t)
	if got := readCommitted(t, k.Brokers(), "events", 2); got != "before the kill|before the stop" {
		t.Errorf("read %q", got)
	}
}

// TestKafkaClusterComesBack kills each of three brokers in turn: two go on with
// what was committed, and the third comes back.
func TestKafkaClusterComesBack(t *testing.T) {
	t.Parallel()
	k := NewKafkaCluster(t)
	var want []string
	for i := range k.Brokers() {
		value := fmt.Sprintf("before kill %d", i)
		transact(t, k.Brokers(), "events", value)
		want = append(want, value)
		k.Kill(t, i)
		if got := readCommitted(t, k.Brokers(), "events", len(want)); got != strings.Join(want, "|") {
			t.Errorf("without broker %d: read %q", i, got)
		}
		k.Restart(t, i)
	}
}

func TestPostgresComesBack(t *testing.T) {
	t.Parallel()
	p := NewPostgres(t, 0)
	address := p.Database(t)
	if err := execute(t.Context(), address, "CREATE TABLE kept AS SELECT 1"); err != nil {
		t.Fatal(err)
	}
	p.StopImmediate(t)
	if err := execute(t.Context(), address, "TABLE kept"); err == nil {
		t.Error("a stopped server answers")
	}
	p.Restart(t)
	if err := execute(t.Context(), address, "TABLE kept"); err != nil {
		t.Error(err)
	}
	p.Stop(t)
	p.Restart(t)
	if err := execute(t.Context(), address, "TABLE kept"); err != nil {
		t.Error(err)
	}
}

// TestContainers is what CI runs on a Docker engine: the servers come as
// containers, keep their ports and data when they are killed, and Millrace's own
// image runs beside them.
func TestContainers(t *testing.T) {
	if !Containers() {
		t.Skipf("needs %s=1", envContainers)
	}
	t.Run("Shared", TestSharedServersServe)
	t.Run("Kafka", TestKafkaComesBack)
	t.Run("Postgres", TestPostgresComesBack)
	t.Run("Millrace", func(t *testing.T) {
		m := NewMillrace(t, nil, "version")
		if status := m.Wait(t); status != 0 || !strings.Contains(m.Logs(t), "millrace") {
			t.Errorf("status %d: %s", status, m.Logs(t))
		}
	})
}

func TestPostgres18IsThere(t *testing.T) {
	if Containers() {
		t.Skip("the image settles the version")
	}
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), NewPostgres(t, 18).URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if got := conn.PgConn().ParameterStatus("server_version"); !strings.HasPrefix(got, "18.") {
		t.Errorf("server_version is %s", got)
	}
}

// TestAVersionThatIsNotThereIsNamed also shows that a server that was never made
// can be closed.
func TestAVersionThatIsNotThereIsNamed(t *testing.T) {
	if Containers() {
		t.Skip("the image settles the version")
	}
	if _, err := startPostgres(t.Context(), 9); err == nil || !strings.Contains(err.Error(), "PostgreSQL 9 is not installed") {
		t.Errorf("got %v", err)
	}
}

func TestUniqueName(t *testing.T) {
	t.Run("A name/with Ümlauts, and-much more than fits into an identifier", func(t *testing.T) {
		one, two := uniqueName(t, "_"), uniqueName(t, "_")
		if one == two || len(one) > 48 || strings.Trim(one, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%q, %q", one, two)
		}
	})
}

func TestPomAndCodeAgree(t *testing.T) {
	if !bytes.Contains(kafkaPom, []byte("<kafka.version>"+kafkaVersion+"</kafka.version>")) {
		t.Errorf("the pom has another version than %s", kafkaVersion)
	}
}

func TestDatabaseURLKeepsItsRest(t *testing.T) {
	got, err := withDatabase("postgres://u:p@h:1/postgres?sslmode=require", "x")
	if err != nil || got != "postgres://u:p@h:1/x?sslmode=require" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := withDatabase("host=h dbname=postgres", "x"); err == nil {
		t.Error("a keyword string was taken for a URL")
	}
}

// transact commits one record in a transaction of its own, creating the topic.
func transact(t *testing.T, brokers []string, topic, value string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.TransactionalID(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	if topics, err := admin.ListTopics(t.Context(), topic); err != nil || !topics.Has(topic) {
		if created, err := admin.CreateTopic(t.Context(), 1, -1, nil, topic); err != nil || created.Err != nil {
			t.Fatal(err, created.Err)
		}
	}
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
}

// readCommitted reads n records and joins their values.
func readCommitted(t *testing.T, brokers []string, topic string, n int) string {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), readyTimeout)
	defer cancel()
	var values []string
	for len(values) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for _, record := range fetches.Records() {
			values = append(values, string(record.Value))
		}
	}
	return strings.Join(values, "|")
}
