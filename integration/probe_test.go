package integration

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/system"
)

// probe looks at a topic and at a cluster's committed offsets from outside.
type probe struct {
	t       *testing.T
	brokers []string
	admin   *kadm.Client
	group   string
	topic   string
}

func newProbe(t *testing.T, brokers []string, group, topic string) *probe {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &probe{t: t, brokers: brokers, admin: kadm.NewClient(client), group: group, topic: topic}
}

// committed returns the sum of the group's committed offsets.
func (p *probe) committed() int64 {
	p.t.Helper()
	var offsets kadm.OffsetResponses
	// A new broker makes the topic of offsets when it is first asked for them.
	system.Wait(p.t, 30*time.Second, "the group's coordinator answers", func() bool {
		var err error
		offsets, err = p.admin.FetchOffsets(p.t.Context(), p.group)
		if err != nil && !kerr.IsRetriable(err) {
			p.t.Fatal(err)
		}
		return err == nil
	})
	var sum int64
	offsets.Each(func(o kadm.OffsetResponse) {
		if o.Topic == p.topic && o.At > 0 {
			sum += o.At
		}
	})
	return sum
}

// ends returns the end of every partition, up to where all is committed.
func (p *probe) ends() map[int32]int64 {
	p.t.Helper()
	listed, err := p.admin.ListEndOffsets(p.t.Context(), p.topic)
	if err != nil {
		p.t.Fatal(err)
	}
	ends := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
	return ends
}

// end returns the sum of the partitions' ends.
func (p *probe) end() int64 {
	var sum int64
	for _, e := range p.ends() {
		sum += e
	}
	return sum
}

// read reads a topic to its present end, committed records only.
func (p *probe) read(ctx context.Context, topic string, each func(*kgo.Record)) {
	p.t.Helper()
	listed, err := p.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		p.t.Fatal(err)
	}
	starts := map[int32]kgo.Offset{}
	left := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) {
		starts[o.Partition] = kgo.NewOffset().AtStart()
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	reader, err := kgo.NewClient(kgo.SeedBrokers(p.brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}))
	if err != nil {
		p.t.Fatal(err)
	}
	defer reader.Close()
	for len(left) > 0 {
		fetches := reader.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			p.t.Fatalf("read %s: %v, partitions left %v", topic, err, left)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				each(r)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
}

// count returns how many committed records a topic has.
func (p *probe) count(ctx context.Context, topic string) int {
	n := 0
	p.read(ctx, topic, func(*kgo.Record) { n++ })
	return n
}

// loadPlain copies the topic's events into a table, by encoding/json. It
// returns how many there were and how many could not be decoded.
func (p *probe) loadPlain(ctx context.Context, db *database, table string) (good, bad int) {
	p.t.Helper()
	var rows [][]any
	p.read(ctx, p.topic, func(r *kgo.Record) {
		var e struct {
			K string      `json:"k"`
			I int64       `json:"i"`
			N json.Number `json:"n"`
			S string      `json:"s"`
		}
		if err := json.Unmarshal(r.Value, &e); err != nil {
			bad++
			return
		}
		rows = append(rows, []any{e.K, e.I, e.N.String(), e.S})
	})
	db.exec(ctx, `CREATE UNLOGGED TABLE raw_`+table+` (k text COLLATE "C", i bigint, n text, s text COLLATE "C")`)
	if _, err := db.conn.CopyFrom(ctx, pgx.Identifier{"raw_" + table}, []string{"k", "i", "n", "s"}, pgx.CopyFromRows(rows)); err != nil {
		p.t.Fatal(err)
	}
	db.exec(ctx, `CREATE UNLOGGED TABLE `+table+` AS SELECT k, i, n::numeric AS n, s FROM raw_`+table)
	return len(rows), bad
}
