package integration

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/system"
)

// probe looks at a topic and at a cluster's committed offsets from outside.
type probe struct {
	t       *testing.T
	brokers []string
	client  *kgo.Client
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
	return &probe{t: t, brokers: brokers, client: client, admin: kadm.NewClient(client), group: group, topic: topic}
}

// committed returns the sum of the group's committed offsets.
func (p *probe) committed() int64 {
	p.t.Helper()
	var offsets kadm.OffsetResponses
	// A new broker makes the topic of offsets when it is first asked for them, and
	// one that was killed has to read it.
	p.answer("the group's coordinator", func(ctx context.Context) (err error) {
		offsets, err = p.admin.FetchOffsets(ctx, p.group)
		return err
	})
	var sum int64
	offsets.Each(func(o kadm.OffsetResponse) {
		if o.Topic == p.topic && o.At > 0 {
			sum += o.At
		}
	})
	return sum
}

// answer asks the brokers until they answer, as they do not for some seconds after
// one of them was killed.
func (p *probe) answer(who string, ask func(ctx context.Context) error) {
	p.t.Helper()
	var last error
	defer func() {
		if p.t.Failed() && last != nil {
			p.t.Logf("%s: %v", who, last)
		}
	}()
	system.Wait(p.t, time.Minute, who+" answers", func() bool {
		// A test's own context has ended when its cleanup asks.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(p.t.Context()), 5*time.Second)
		defer cancel()
		last = ask(ctx)
		return last == nil
	})
}

// ends returns the end of every partition, up to where all is committed.
func (p *probe) ends() map[int32]int64 {
	p.t.Helper()
	var listed kadm.ListedOffsets
	p.answer("the partitions' leaders", func(ctx context.Context) (err error) {
		if listed, err = p.admin.ListEndOffsets(ctx, p.topic); err == nil {
			err = listed.Error()
		}
		return err
	})
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

// isMember reports whether a node is a member of the group.
func (p *probe) isMember(node string) bool {
	p.t.Helper()
	found := false
	p.answer("the group's coordinator", func(ctx context.Context) error {
		groups, err := p.admin.DescribeGroups(ctx, p.group)
		if err != nil {
			return err
		}
		for _, m := range groups[p.group].Members {
			found = found || strings.HasPrefix(m.ClientID+".", "millrace."+p.group+"."+node+".")
		}
		return groups[p.group].Err
	})
	return found
}

// partials returns the name of the cluster's only partials topic.
func (p *probe) partials() string {
	p.t.Helper()
	var topics kadm.TopicDetails
	p.answer("a broker", func(ctx context.Context) (err error) {
		topics, err = p.admin.ListTopics(ctx)
		return err
	})
	var found []string
	for _, name := range topics.Names() {
		if strings.HasPrefix(name, p.group+".partials.") {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		p.t.Fatalf("partials topics of %s: %q", p.group, found)
	}
	return found[0]
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
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for len(left) > 0 {
		fetches := reader.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			p.hanging(topic)
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

// place is where a record lies in its topic.
type place struct {
	partition int32
	offset    int64
}

// loadPlain copies the topic's events into a table, by encoding/json. It
// returns how many there were, and where those lie that could not be decoded.
func (p *probe) loadPlain(ctx context.Context, db *database, table string) (good int, bad []place) {
	p.t.Helper()
	columns := []string{"p", "o", "k", "i", "n", "s"}
	db.exec(ctx, `CREATE UNLOGGED TABLE raw_`+table+` (p int, o bigint, k text COLLATE "C", i bigint, n text, s text COLLATE "C")`)
	var rows [][]any
	copyRows := func() {
		if _, err := db.conn.CopyFrom(ctx, pgx.Identifier{"raw_" + table}, columns, pgx.CopyFromRows(rows)); err != nil {
			p.t.Fatal(err)
		}
		good, rows = good+len(rows), rows[:0]
	}
	p.read(ctx, p.topic, func(r *kgo.Record) {
		var e struct {
			K string      `json:"k"`
			I int64       `json:"i"`
			N json.Number `json:"n"`
			S string      `json:"s"`
		}
		if err := json.Unmarshal(r.Value, &e); err != nil {
			bad = append(bad, place{r.Partition, r.Offset})
			return
		}
		if rows = append(rows, []any{r.Partition, r.Offset, e.K, e.I, e.N.String(), e.S}); len(rows) == 20_000 {
			copyRows()
		}
	})
	copyRows()
	db.exec(ctx, `CREATE UNLOGGED TABLE `+table+` AS SELECT p, o, k, i, n::numeric AS n, s FROM raw_`+table)
	return good, bad
}
