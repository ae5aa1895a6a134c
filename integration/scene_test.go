package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// scene is a cluster of one test with what looks at it from outside.
type scene struct {
	t     *testing.T
	c     *system.Cluster
	db    *database
	kafka *kgo.Client // produces to the partition that a record names
	admin *kadm.Client
}

// quick are the settings of most scenes: small intervals, for small tests.
func quick(env ...string) []string {
	return append([]string{
		"MILLRACE_FLUSH_INTERVAL=20ms", "MILLRACE_FOLD_INTERVAL=20ms", "MILLRACE_NUM_SHARDS=2", "MILLRACE_LANES=2",
	}, env...)
}

func newScene(t *testing.T, env ...string) *scene {
	t.Helper()
	servers := harness.Get(t)
	return sceneOn(t, servers.Cluster(t), servers.Brokers, servers.DatabaseURL(t), env...)
}

func sceneOn(t *testing.T, name string, brokers []string, url string, env ...string) *scene {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.MetadataMinAge(100*time.Millisecond),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &scene{
		t: t, c: system.NewCluster(t, name, brokers, url, quick(env...)...), db: connect(t, url),
		kafka: client, admin: kadm.NewClient(client),
	}
}

// topic returns a topic's name that is this scene's alone.
func (s *scene) topic(name string) string { return s.c.Name + "." + name }

// stream creates a stream of the columns, whose topic has some partitions.
func (s *scene) stream(name, columns string, partitions int, options ...string) {
	s.t.Helper()
	with := append([]string{fmt.Sprintf("topic = '%s'", s.topic(name)), fmt.Sprintf("partitions = %d", partitions)}, options...)
	s.c.SQL(fmt.Sprintf("CREATE STREAM %s (%s) WITH (%s);", name, columns, strings.Join(with, ", ")))
}

// produce writes values to one partition of a stream's topic.
func (s *scene) produce(stream string, partition int32, values ...string) {
	s.t.Helper()
	records := make([]*kgo.Record, len(values))
	for i, v := range values {
		records[i] = &kgo.Record{Topic: s.topic(stream), Partition: partition, Value: []byte(v)}
	}
	s.send(records...)
}

func (s *scene) send(records ...*kgo.Record) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if err := s.kafka.ProduceSync(ctx, records...).FirstErr(); err != nil {
		s.t.Fatalf("produce: %v", err)
	}
}

// probe looks at one of the scene's streams.
func (s *scene) probe(stream string) *probe {
	s.t.Helper()
	return newProbe(s.t, s.c.Brokers, s.c.Name, s.topic(stream))
}

// try runs a query and returns its rows as text, NULL as <null>.
func (s *scene) try(sql string) ([]string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	rows, err := s.db.conn.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		fields := make([]string, 0, 4)
		for _, raw := range row.RawValues() {
			if raw == nil {
				fields = append(fields, "<null>")
			} else {
				fields = append(fields, string(raw))
			}
		}
		return strings.Join(fields, " "), nil
	})
}

// query is try for a query that must succeed; rows are joined by |.
func (s *scene) query(sql string) string {
	s.t.Helper()
	rows, err := s.try(sql)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(rows, "|")
}

// want holds a query's rows against what they must be.
func (s *scene) want(sql, rows string) {
	s.t.Helper()
	if got := s.query(sql); got != rows {
		s.t.Errorf("%s\n got %s\nwant %s", sql, got, rows)
	}
}

// eventually waits until a query gives these rows, and says what it gave last.
func (s *scene) eventually(deadline time.Duration, sql, rows string) {
	s.t.Helper()
	last := ""
	defer func() {
		if s.t.Failed() {
			s.t.Logf("%s: the last answer was %s", sql, last)
		}
	}()
	system.Wait(s.t, deadline, sql+" = "+rows, func() bool {
		got, err := s.try(sql)
		last = strings.Join(got, "|")
		if err != nil {
			last = err.Error()
		}
		return err == nil && last == rows
	})
}

// list runs a command with --json and returns its array.
func (s *scene) list(args ...string) []map[string]any {
	s.t.Helper()
	text := s.c.Must("", append(args, "--json")...)
	var all []map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		s.t.Fatalf("millrace %v --json: %v\n%s", args, err, text)
	}
	return all
}

// logged waits until the node has logged all of the texts in one line.
func logged(t *testing.T, n *system.Node, deadline time.Duration, texts ...string) {
	t.Helper()
	system.Wait(t, deadline, fmt.Sprintf("a line of the log with %q", texts), func() bool {
		for line := range strings.Lines(n.Log()) {
			if containsAll(line, texts...) {
				return true
			}
		}
		return false
	})
}

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
