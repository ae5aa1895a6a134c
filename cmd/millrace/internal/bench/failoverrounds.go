package bench

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rounds measures every case once a round.
func (f *failover) rounds(ctx context.Context, r *failoverReport) error {
	for run := range f.Runs {
		for _, c := range failoverCases() {
			if !f.has(c.name) {
				continue
			}
			began := time.Now()
			got, err := f.measure(ctx, c, run)
			if err != nil {
				return fmt.Errorf("round %d, %s: %w", run+1, c.what, err)
			}
			r.add(c, got)
			fmt.Fprintf(f.Progress, "round %d of %d: %-8s folding %.2f s, reading %.2f s, everything %.2f s; stood still %.2f s, oldest event %.2f s; whole again after %.2f s (%v)\n",
				run+1, f.Runs, c.name, got.UntilFolding, got.UntilReading, got.UntilAll, got.StillAll, got.Latency, got.Back, time.Since(began).Round(time.Second))
		}
	}
	return nil
}

// settle is how long is looked on after everything flows again: what follows the first
// event counts too.
const settle = 3 * time.Second

// measure does one kind of harm to a calm cluster and looks on until everything
// flows again; then it mends what it did.
func (f *failover) measure(ctx context.Context, c failoverCase, run int) (figures, error) {
	owned, _, err := f.calm(ctx)
	if err != nil {
		return figures{}, err
	}
	node := f.nodes[run%(len(f.nodes)-1)]
	if c.far {
		node = f.nodes[len(f.nodes)-1]
	}
	var harm figures
	s := span{begin: time.Now()}
	if err := c.harm(ctx, f, node, &harm); err != nil {
		return figures{}, err
	}
	if err := f.flows(ctx, s.begin); err != nil {
		return figures{}, err
	}
	s.end = time.Now()
	moves, blind := f.observer.cut(s)
	got := moves.figure(s, owned[node.name])
	got.Exit, got.Blind, got.Span = harm.Exit, blind.Seconds(), s.end.Sub(s.begin).Seconds()
	got.Back, err = f.mend(ctx, c, node)
	return got, err
}

// mend undoes the harm, and returns how many seconds later all nodes had a share
// again and everything flowed.
func (f *failover) mend(ctx context.Context, c failoverCase, node *benchNode) (float64, error) {
	began := time.Now()
	if c.mend != nil {
		if err := c.mend(f, node); err != nil {
			return 0, err
		}
	}
	for _, n := range f.nodes {
		if err := n.start(f.Binary); err != nil {
			return 0, err
		}
	}
	_, whole, err := f.calm(ctx)
	return max(0, whole.Sub(began).Seconds()), err
}

// flows waits until every pair holds an event that was made after the harm was
// done, and a while longer.
func (f *failover) flows(ctx context.Context, harm time.Time) error {
	waiting, cancel := context.WithTimeoutCause(ctx, calmWait, fmt.Errorf("not everything goes on within %v", calmWait))
	defer cancel()
	for {
		if err := f.broken(); err != nil {
			return err
		}
		_, oldest, _ := f.observer.newest()
		if oldest.After(harm) {
			return f.wait(ctx, settle)
		}
		if err := f.wait(waiting, observeEvery); err != nil {
			return fmt.Errorf("%w: the oldest %v behind\n%s", err, time.Since(oldest).Round(time.Millisecond), f.printed())
		}
	}
}

func hostPort(host string, port int32) string { return net.JoinHostPort(host, strconv.Itoa(int(port))) }

// pgxAddress is where a database listens.
func pgxAddress(c *pgx.ConnConfig) (network, address string) {
	return pgconn.NetworkAddress(c.Host, c.Port)
}
