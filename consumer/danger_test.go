package consumer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// scenario leads a cluster into a danger and returns what is wrong afterwards.
// It is run twice: with its guard nothing may be wrong, without it something
// must be, or the scenario proves nothing. docs/dangers.md lists them.
type scenario struct {
	guard string
	set   setting
	run   func(d *danger) []string
}

// danger is a cluster on its way into one.
type danger struct {
	*testCluster
	guard   string
	guarded bool

	mu    sync.Mutex // guards the rest
	asked int        // how often the guard was asked
	spare bool       // the guard stays, for now
	holds map[string]*hold
	off   map[string]bool // points and guards that answer true
	nodes map[string]*running
}

// test runs the scenario on both brokers with its guard, and on the real one
// without it.
func (s scenario) test(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, brokers []string) {
		for _, guarded := range []bool{true, false} {
			if !guarded && brokers == nil {
				continue
			}
			t.Run(fmt.Sprintf("%s=%v", s.guard, guarded), func(t *testing.T) {
				t.Parallel()
				s.judge(t, brokers, guarded)
			})
		}
	})
}

func (s scenario) judge(t *testing.T, brokers []string, guarded bool) {
	set := s.set
	set.brokers, set.seed, set.onError = brokers, seedOf(), topology.DeadLetter
	d := &danger{
		testCluster: newClusterOf(t, set), guard: s.guard, guarded: guarded,
		holds: map[string]*hold{}, off: map[string]bool{}, nodes: map[string]*running{},
	}
	t.Cleanup(d.abandon)
	faults := s.run(d)
	for i, f := range faults {
		if guarded && i < 10 {
			t.Error(f)
		}
	}
	switch {
	case d.asked == 0:
		t.Errorf("the guard %s was never asked: it does not stand in the scenario's way", s.guard)
	case !guarded && len(faults) == 0:
		t.Errorf("nothing is wrong without the guard %s: the scenario proves nothing", s.guard)
	case !guarded:
		t.Logf("seen, as it must be: %v", faults[:min(len(faults), 3)])
	}
}

// abandon ends what a scenario left running.
func (d *danger) abandon() {
	d.mu.Lock()
	for _, h := range d.holds {
		h.release()
	}
	nodes := d.nodes
	d.holds, d.nodes = map[string]*hold{}, nil
	d.mu.Unlock()
	for _, r := range nodes {
		d.kill(r)
	}
}

// begin starts a node.
func (d *danger) begin(name string, change ...func(*Config)) *running {
	d.t.Helper()
	cfg := d.config()
	cfg.Node, cfg.Lanes, cfg.Folders = name, 1, 1
	cfg.SessionTimeout = 20 * time.Second // no node is to be put out but by the scenario, however slow the machine
	cfg.Inject = func(point string) bool { return d.inject(name, point) }
	for _, f := range change {
		f(&cfg)
	}
	r := d.start(cfg)
	d.mu.Lock()
	d.nodes[name] = r
	d.mu.Unlock()
	d.wait("node "+name+" takes part", r.node.Ready)
	return r
}

// patient keeps a transaction open for as long as a scenario may take.
func patient(c *Config) { c.TransactionTimeout = 60 * time.Second }

// finish ends a node in order. Without a guard it may be unable to.
func (d *danger) finish(name string) {
	d.t.Helper()
	d.mu.Lock()
	r := d.nodes[name]
	delete(d.nodes, name)
	d.mu.Unlock()
	if d.guarded {
		d.end(r)
	} else {
		d.kill(r)
	}
}

func (d *danger) inject(node, point string) bool {
	d.mu.Lock()
	if point == d.guard {
		d.asked++
		spare := d.spare
		d.mu.Unlock()
		return !d.guarded && !spare
	}
	h := d.holds[node+" "+point]
	delete(d.holds, node+" "+point)
	off := d.off[point] || d.off[node+" "+point]
	d.mu.Unlock()
	if h != nil {
		close(h.reached)
		<-h.released // at the latest when the test ends
	}
	return off
}

// leaveOut makes a guard of all nodes, or a point of one ("node point"), answer
// true or no longer.
func (d *danger) leaveOut(point string, on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off[point] = on
}

// spared keeps the guard in its place up to where the danger begins.
func (d *danger) spared(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spare = on
}

// hold is a place where a node waits.
type hold struct {
	once              sync.Once
	reached, released chan struct{}
}

// hold makes a node wait when it next comes to a point.
func (d *danger) hold(node, point string) *hold {
	h := &hold{reached: make(chan struct{}), released: make(chan struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holds[node+" "+point] = h
	d.t.Cleanup(h.release)
	return h
}

// is reports whether a node has come to where it is held.
func (h *hold) is() bool {
	select {
	case <-h.reached:
		return true
	default:
		return false
	}
}

func (h *hold) release() { h.once.Do(func() { close(h.released) }) }

// await waits until a node has come to where it is held.
func (d *danger) await(h *hold) {
	d.t.Helper()
	await(d.t, "a node comes to the point where it is to be held", h.reached)
}

// hopeless is how long a scenario without its guard waits for what will not come.
const hopeless = 3 * time.Second

// outcome waits until views are folded to the topic's end, ends the nodes and
// returns what is wrong then.
func (d *danger) outcome(views ...*topology.View) []string {
	d.t.Helper()
	long := patience
	if !d.guarded {
		long = hopeless
	}
	stuck := d.until(long, views...)
	faults := d.problems()
	for name := range d.nodes {
		d.finish(name)
	}
	faults = append(faults, d.faults(views...)...)
	if stuck != "" {
		faults = append([]string{"stuck: " + stuck}, faults...)
	}
	return faults
}

// until waits for views to be folded to the topic's end, no longer than that
// and, without the guard, no longer than nothing is wrong. It returns what is
// missing then.
func (d *danger) until(long time.Duration, views ...*topology.View) (behind string) {
	d.poll(long, func() bool {
		if behind = d.behind(views...); !d.guarded && d.harmed() {
			behind = ""
		}
		return behind == ""
	})
	return behind
}

// harmed reports whether something is wrong that will not pass by itself.
func (d *danger) harmed() bool {
	for _, r := range d.nodes {
		for what := range r.node.Problems() {
			if strings.HasPrefix(what, "view") || strings.HasPrefix(what, "lane") {
				return true
			}
		}
	}
	return len(d.store.found()) > 0
}

// problems returns what the nodes themselves report.
func (d *danger) problems() []string {
	var all []string
	for name, r := range d.nodes {
		for what, text := range r.node.Problems() {
			all = append(all, fmt.Sprintf("node %s: %s: %s", name, what, text))
		}
	}
	return all
}

// owns reports whether the group gives a node every input partition.
func (d *danger) owns(r *running) bool {
	for p := range int32(len(d.want)) {
		if !r.node.members.owns(topology.TopicPartition{Topic: d.stream.Topic, Partition: p}) {
			return false
		}
	}
	return true
}

// share waits until two nodes share the input partitions.
func (d *danger) share(a, b *running) {
	d.t.Helper()
	d.wait("two nodes share the input partitions", func() bool {
		var of [2]int
		for p := range int32(len(d.want)) {
			for i, r := range []*running{a, b} {
				if r.node.members.owns(topology.TopicPartition{Topic: d.stream.Topic, Partition: p}) {
					of[i]++
				}
			}
		}
		return of[0] > 0 && of[1] > 0 && of[0]+of[1] == len(d.want)
	})
}

// committed returns the group's offsets once no transaction holds newer ones: its
// end is answered before the group sees it.
func (d *danger) committed() map[int32]int64 {
	d.t.Helper()
	var all map[int32]int64
	d.wait("no transaction holds offsets", func() (stable bool) {
		all, stable = d.offsets(true)
		return stable
	})
	return all
}

// offsets returns the group's offsets, and whether they are all: asked for stable
// ones, the broker does not tell what an open transaction has a newer offset of. It
// is asked for each partition by name, or those are left out that have no older one.
func (d *danger) offsets(stable bool) (all map[int32]int64, whole bool) {
	d.t.Helper()
	all, whole = map[int32]int64{}, true
	d.must("fetch the group's offsets", func(ctx context.Context) error {
		req := kmsg.NewPtrOffsetFetchRequest()
		req.RequireStable = stable
		g := kmsg.NewOffsetFetchRequestGroup()
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		g.Group, t.Topic, t.TopicID = d.name, d.stream.Topic, [16]byte(d.stream.TopicID)
		for p := range int32(len(d.want)) {
			t.Partitions = append(t.Partitions, p)
		}
		g.Topics = append(g.Topics, t)
		req.Groups = append(req.Groups, g)
		resp, err := req.RequestWith(ctx, d.client)
		if err != nil {
			return err
		}
		for _, g := range resp.Groups {
			switch err := kerr.ErrorForCode(g.ErrorCode); {
			case errors.Is(err, kerr.UnstableOffsetCommit):
				whole = false
			case err != nil:
				return err
			}
			for _, t := range g.Topics {
				for _, p := range t.Partitions {
					whole = whole && p.ErrorCode == 0
					if p.Offset >= 0 {
						all[p.Partition] = p.Offset
					}
				}
			}
		}
		return nil
	})
	return all, whole
}

// allCommitted reports whether everything that was produced is committed as read.
func (d *danger) allCommitted() bool {
	committed, _ := d.offsets(false)
	for p := range d.want {
		if committed[int32(p)] < int64(len(d.want[p])) {
			return false
		}
	}
	return true
}

// expel puts a node out of the group, as the broker does with one that is silent.
func (d *danger) expel(node string) {
	d.t.Helper()
	var members []broker.Member
	d.must("describe the group", func(ctx context.Context) error {
		group, err := d.admin.Group(ctx, d.name)
		if err == nil {
			members = group.ByNode(d.name)[node]
		}
		return err
	})
	if len(members) == 0 {
		d.t.Fatalf("node %s is no member of the group", node)
	}
	for _, m := range members {
		d.must("put node "+node+" out of the group", func(ctx context.Context) error { return takeOut(ctx, d.client, d.name, m.ID) })
	}
}

// fence takes the transactional id of a node's lane, which aborts its open
// transaction.
func (d *danger) fence(node string, lane int) {
	d.t.Helper()
	d.must("end the transaction of node "+node, func(ctx context.Context) error {
		return endTransaction(ctx, d.client, transactionalID(d.name, node, lane, ""), 10*time.Second)
	})
}

// read waits until a node has read n more records than before.
func (d *danger) read(r *running, before float64, n int) {
	d.t.Helper()
	d.wait("the records are read", func() bool { return recordsOf(r) >= before+float64(n) })
}
