package bench

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/childproc"
	"github.com/millrace/millrace/topology"
)

// benchNode is one node of the cluster that is harmed: a process of this
// binary, `millrace run` with default settings.
type benchNode struct {
	name    string
	env     []string
	process *childproc.Process
	printed *lastPrinted
}

// lastPrinted keeps the end of what a process prints.
type lastPrinted struct {
	mu   sync.Mutex // guards text
	text []byte
}

const keepPrinted = 8 << 10

// Write implements io.Writer.
func (l *lastPrinted) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	l.text = l.text[max(0, len(l.text)-keepPrinted):]
	return len(b), nil
}

// String returns what was printed last.
func (l *lastPrinted) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(string(l.text))
}

// start starts the node where it does not run.
func (n *benchNode) start(binary string) error {
	if n.process != nil && !n.process.Ended() {
		return nil
	}
	n.printed = &lastPrinted{}
	var err error
	n.process, err = childproc.Start(childproc.Spec{Path: binary, Args: []string{"run"}, Output: n.printed, Env: append(os.Environ(), n.env...)})
	return err
}

// stop ends the node in order and returns how long it took.
func (n *benchNode) stop() (time.Duration, error) {
	began := time.Now()
	if !n.process.Stop(syscall.SIGTERM, stopGrace) {
		return 0, fmt.Errorf("node %q did not stop within %v\n%s", n.name, stopGrace, n.printed)
	}
	if err := n.process.Err(); err != nil {
		return 0, fmt.Errorf("node %q stopped: %w\n%s", n.name, err, n.printed)
	}
	return time.Since(began), nil
}

// kill ends the node at once, where it runs.
func (n *benchNode) kill() {
	if n.process != nil {
		n.process.Kill()
	}
}

// owned is what the group has given to each node; ok is false while it is not
// settled, or not all nodes are members with a share of both kinds.
func (f *failover) owned(ctx context.Context) (all map[string]victim, ok bool, err error) {
	cluster := f.cluster.svc.Settings.Node.Cluster
	group, err := f.cluster.svc.Admin.Group(ctx, cluster)
	if err != nil || !group.Settled || len(group.Members) != len(f.nodes) {
		return nil, false, err
	}
	all = map[string]victim{}
	for _, m := range group.Members {
		name, ok := topology.NodeOfClient(cluster, m.ClientID)
		if !ok {
			return nil, false, fmt.Errorf("a stranger is a member of group %q: client %q", cluster, m.ClientID)
		}
		partials := map[topology.Partition]bool{}
		v := victim{inputs: map[topology.Partition]bool{}}
		for _, tp := range m.Assigned {
			if tp.Topic == f.topic {
				v.inputs[tp.Partition] = true
			} else {
				partials[tp.Partition] = true
			}
		}
		v.shards = f.observer.shardsIn(partials)
		if len(v.inputs) == 0 || len(v.shards) == 0 {
			return nil, false, nil
		}
		all[name] = v
	}
	return all, len(all) == len(f.nodes), nil
}

// The cluster is whole when all nodes have their share and no pair's newest event
// is older than wholeAge, and calm when it has been so for calmFor.
const (
	wholeAge = 2 * time.Second
	calmFor  = 2 * time.Second
	calmPoll = 50 * time.Millisecond
	calmWait = 3 * time.Minute
)

// calm waits until the cluster is calm. It returns who has what, and when the
// cluster was whole for the first time.
func (f *failover) calm(ctx context.Context) (all map[string]victim, first time.Time, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, calmWait, fmt.Errorf("not all of it flows within %v", calmWait))
	defer cancel()
	since := time.Now()
	for {
		all, settled, err := f.owned(ctx)
		if err == nil {
			err = f.broken()
		}
		if err != nil {
			return nil, first, err
		}
		pairs, oldest, _ := f.observer.newest()
		now := time.Now()
		switch whole := settled && pairs == f.Partitions*f.Shards && now.Sub(oldest) < wholeAge; {
		case !whole:
			since = now
		case first.IsZero():
			first = now
		case now.Sub(since) > calmFor:
			return all, first, nil
		}
		if err := f.wait(ctx, calmPoll); err != nil {
			return nil, first, fmt.Errorf("%w: %d of %d pairs of a shard and an input partition, the oldest %v behind; settled group with a share for each node: %v\n%s",
				err, pairs, f.Partitions*f.Shards, now.Sub(oldest).Round(time.Millisecond), settled, f.printed())
		}
	}
}

// wait waits for a moment.
func (f *failover) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// broken returns what ended the load or the observing, or the exactness of both.
func (f *failover) broken() error {
	if err := f.load.fault(); err != nil {
		return err
	}
	_, _, err := f.observer.newest()
	return err
}

// printed is what the nodes printed last.
func (f *failover) printed() string {
	var b strings.Builder
	for _, n := range f.nodes {
		if n.printed != nil {
			fmt.Fprintf(&b, "%s: %s\n", n.name, n.printed)
		}
	}
	return b.String()
}
