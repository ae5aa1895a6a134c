package integration

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer"
)

// ledgerWords are what a node's log says when its ledger found a gap, an overlap or
// half of a flush, or not the ledger in the database that it had written.
var ledgerWords = []string{"the shard is not folded any more", "the ledger in the database is not the one"}

// finish lets the nodes fold everything, leaves, and returns all that is wrong.
func (x *crash) finish() []string {
	x.t.Helper()
	x.wait(stuckAfter, "the sleepers wake", func() bool { return len(x.up()) == len(x.nodes) })
	x.load.finish()
	faults := append(x.faults, x.settled(2*time.Minute)...)
	faults = append(faults, x.compare()...)
	for until := time.Now().Add(stuckAfter); !x.complete() && time.Now().Before(until); {
		x.pass(50 * time.Millisecond)
	}
	for _, m := range x.nodes {
		faults = append(faults, x.wellEnded(m)...)
	}
	return append(faults, x.logFaults()...)
}

// complete reports whether every node is a member of the group.
func (x *crash) complete() bool {
	x.t.Helper()
	for _, m := range x.nodes {
		if !x.broker.isMember(m.name) {
			return false
		}
	}
	return true
}

// settled waits until everything is folded, or is known never to be.
func (x *crash) settled(deadline time.Duration) []string {
	x.t.Helper()
	for until := time.Now().Add(deadline); time.Now().Before(until); {
		x.tend()
		_, missing, status := x.c.Within(stuckAfter, nil, "", "flush", "--timeout", "5s")
		if status == 0 {
			return nil
		}
		if faults := x.logFaults(); len(faults) > 0 {
			return []string{"stuck: " + strings.TrimSpace(missing)}
		}
	}
	return []string{"stuck: " + x.c.Must("", "lag")}
}

// wellEnded stops a node, which must take part until then and leave in order.
func (x *crash) wellEnded(m *member) []string {
	x.t.Helper()
	var faults []string
	fault := func(format string, args ...any) {
		faults = append(faults, m.name+": "+fmt.Sprintf(format, args...))
	}
	if _, body := m.node.Get("/readyz"); body != "ok\n" {
		fault("/readyz says %s", strings.TrimSpace(body))
	}
	if !x.broker.isMember(m.name) {
		fault("it is no member of the group any more")
	}
	begun := time.Now()
	if status := m.node.Stop(); status != 0 {
		log := m.node.Log()
		fault("it left with status %d after %.1f s: %s", status, time.Since(begun).Seconds(), log[max(0, len(log)-2000):])
	}
	m.node = nil
	return faults
}

// logFaults returns what the nodes' ledgers have reported, by any process.
func (x *crash) logFaults() []string {
	x.t.Helper()
	var faults []string
	for _, n := range x.ever {
		for line := range strings.Lines(n.Log()) {
			for _, words := range ledgerWords {
				if strings.Contains(line, words) {
					faults = append(faults, fmt.Sprintf("%s, process %d: %s", n.Name, n.Pid(), strings.TrimSpace(line)))
				}
			}
		}
	}
	return faults
}

// compare holds every view against the same SELECT over a plain table that an
// independent reader loaded, from where the view begins; and the ledger and
// the dead letters against what was read.
func (x *crash) compare() []string {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), 10*time.Minute)
	defer cancel()
	db := connect(x.t, x.servers.url)
	good, bad := x.broker.loadPlain(ctx, db, "plain_events")
	x.say("%d events, %d that cannot be decoded", good, len(bad))
	names := make([]string, len(x.views))
	for i, v := range x.views {
		names[i] = v.name
	}
	starts, faults := db.ledgerFaults(ctx, x.c.Name, names, crashShards, x.broker.ends())
	letters := x.letters(ctx)
	for i, v := range x.views {
		start := starts[v.name]
		if i < len(crashViews) {
			for p, from := range start {
				if from != 0 {
					faults = append(faults, fmt.Sprintf("view %s begins at %d in partition %d", v.name, from, p))
				}
			}
		}
		if n := db.differences(ctx, "SELECT * FROM "+v.name, v.over(behind("plain_events", start))); n > 0 {
			faults = append(faults, fmt.Sprintf("view %s: %d rows differ", v.name, n))
		}
		if v.once {
			faults = append(faults, letterFaults(v.name, start, bad, letters[v.name])...)
		}
	}
	return faults
}

// behind is the part of a plain table that lies behind a view's start.
func behind(table string, start map[int32]int64) string {
	conditions := []string{"false"}
	for p, from := range start {
		conditions = append(conditions, fmt.Sprintf("p = %d AND o >= %d", p, from))
	}
	return fmt.Sprintf("(SELECT * FROM %s WHERE %s) AS events", table, strings.Join(conditions, " OR "))
}

// letters returns how often the dead letters tell each view of each record.
func (x *crash) letters(ctx context.Context) map[string]map[place]int {
	x.t.Helper()
	all := map[string]map[place]int{}
	x.broker.read(ctx, x.c.Name+".dead.events", func(r *kgo.Record) {
		about := map[string]string{}
		for _, h := range r.Headers {
			about[h.Key] = string(h.Value)
		}
		partition, err := strconv.ParseInt(about[consumer.HeaderPartition], 10, 32)
		if err != nil {
			x.t.Fatalf("dead letter at %d: %v", r.Offset, err)
		}
		offset, err := strconv.ParseInt(about[consumer.HeaderOffset], 10, 64)
		if err != nil {
			x.t.Fatalf("dead letter at %d: %v", r.Offset, err)
		}
		for _, view := range strings.Split(about[consumer.HeaderViews], ",") {
			if all[view] == nil {
				all[view] = map[place]int{}
			}
			all[view][place{int32(partition), offset}]++
		}
	})
	return all
}

// letterFaults wants one dead letter for each bad record that a view has met, and no
// other.
func letterFaults(view string, start map[int32]int64, bad []place, letters map[place]int) []string {
	missing, several := 0, 0
	for _, at := range bad {
		if at.offset < start[at.partition] {
			continue
		}
		switch n := letters[at]; {
		case n == 0:
			missing++
		case n > 1:
			several++
		}
		delete(letters, at)
	}
	if missing+several+len(letters) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("view %s: %d bad records without a dead letter, %d with several, %d letters about other records", view, missing, several, len(letters))}
}
