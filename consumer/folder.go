package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// folder owns some partials partitions: it merges their blocks and folds them
// into the store. One goroutine ([folder.run]) owns every field; others reach
// it through the mailbox. A slow store holds its polling back.
type folder struct {
	*mailbox
	node     *Node
	log      *slog.Logger
	ctx      context.Context // ends when the folder has to stop at once
	reader   *kgo.Client
	catalog  *topology.Catalog
	parts    map[topology.TopicPartition]*ownedPartition
	retry    map[topology.TopicPartition]time.Time // assigned, but not claimed yet: when to try again
	stopping bool
	gone     map[topology.ViewID]bool // views that blocks are for and the catalog no longer has
	plans    map[topology.ViewID]*query.Plan
	pace     pace
	block    partial.Block // reused for decoding
}

// faulty is an error of a fold that concerns one view alone: the others of the
// partition can be folded without it.
type faulty interface {
	error
	FaultyView() topology.ViewID
}

const (
	// claimRetry is how long a folder waits before it claims a partition again
	// that it could not claim.
	claimRetry = time.Second
	// reclaimWait is how long it waits where it lost its claim, or where the
	// group does not confirm that it may claim.
	reclaimWait = 200 * time.Millisecond
	// confirmTimeout bounds the asking.
	confirmTimeout = 5 * time.Second
)

func (f *folder) run() {
	defer f.end()
	for f.ctx.Err() == nil {
		f.runPosts()
		if f.ctx.Err() != nil {
			return
		}
		now := time.Now()
		f.claimDue(now)
		f.foldDue(now)
		f.poll(now)
	}
}

// poll waits for blocks, a post, or the time of the next fold.
func (f *folder) poll(now time.Time) {
	wait, held := time.Second, len(f.parts) == 0
	for _, p := range f.parts {
		if p.pending != nil {
			held = true
			wait = min(wait, p.tryAt.Sub(now))
		} else if !p.since.IsZero() {
			wait = min(wait, f.pace.due(p.since).Sub(now))
		}
	}
	for _, at := range f.retry {
		wait = min(wait, at.Sub(now))
	}
	ctx, awake := f.sleep(f.ctx, max(wait, time.Millisecond))
	defer awake()
	if held {
		<-ctx.Done()
		return
	}
	fetches := f.reader.PollRecords(ctx, pollRecords)
	fetches.EachPartition(func(r kgo.FetchTopicPartition) {
		tp := topology.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		p := f.parts[tp]
		if p == nil {
			return
		}
		if r.Err != nil && !retryableFetch(r.Err) {
			f.node.problem("partials", tp, partialsFault(tp, p.next, r.Err))
			return
		}
		p.inbox = append(p.inbox, r.Records...)
		f.takeInbox(p)
	})
}

// takeInbox merges what was fetched, and folds in between where the budget is
// used up: one fetch may hold many times as much.
func (f *folder) takeInbox(p *ownedPartition) {
	for len(p.inbox) > 0 && p.pending == nil && f.parts[p.tp] == p {
		record := p.inbox[0]
		p.inbox[0], p.inbox = nil, p.inbox[1:]
		f.takeBlock(p, record)
		if f.over() {
			f.foldTogether(f.collected())
		}
	}
	if len(p.inbox) == 0 {
		p.inbox = nil
	}
}

// claimDue claims the partitions whose time has come and begins to read them.
func (f *folder) claimDue(now time.Time) {
	var due []topology.TopicPartition
	for tp, at := range f.retry {
		if !now.Before(at) {
			due = append(due, tp)
		}
	}
	if len(due) == 0 {
		return
	}
	// A node that was stopped for long must not take back what is another's by now.
	if !f.confirmed() {
		for _, tp := range due {
			f.retry[tp] = time.Now().Add(reclaimWait)
		}
		return
	}
	f.claim(due)
}

// confirmed asks the broker whether this node is still of the group.
func (f *folder) confirmed() bool {
	ctx, cancel := context.WithTimeout(f.ctx, confirmTimeout)
	defer cancel()
	err := f.node.members.confirm(ctx)
	if err != nil && f.ctx.Err() == nil {
		f.log.Info("claims wait until the group confirms this node", "reason", err)
	}
	return err == nil
}

// foldDue folds the partitions whose interval has passed, or all when the
// budget is used up.
func (f *folder) foldDue(now time.Time) {
	for _, p := range f.parts {
		if p.pending != nil && !now.Before(p.tryAt) {
			f.try(f.ctx, p)
		}
	}
	if all := f.collected(); f.over() || slices.ContainsFunc(all, func(p *ownedPartition) bool { return !now.Before(f.pace.due(p.since)) }) {
		f.foldTogether(all) // what is not due yet goes with what is: one transaction for both
	}
	for _, p := range f.parts {
		f.takeInbox(p) // where a fold was in its way
	}
}

// over reports whether the budget is used up and folding makes room. Parts of
// flushes that are not whole count and stay: with little else to fold, a fold
// for each block would not help.
func (f *folder) over() bool {
	var used, held int64
	for _, p := range f.parts {
		used += p.used
		held += p.held
	}
	return used+held > f.node.memory.merged && used > f.node.memory.merged/8
}

// fold begins a partition's transaction over what has been merged.
func (f *folder) fold(ctx context.Context, p *ownedPartition) {
	fold, err := p.fold()
	if err != nil {
		f.node.problem("partials", p.tp, err)
		f.drop(p, claimRetry)
		return
	}
	f.node.cfg.inject(pointMerged)
	p.pending, p.wait = fold, firstFoldRetry
	f.try(ctx, p)
}

// try carries a partition's fold out, once. It stays pending where it may
// succeed later; meanwhile the folder polls nothing.
func (f *folder) try(ctx context.Context, p *ownedPartition) {
	for {
		start := time.Now()
		result, err := f.node.store.Fold(ctx, p.claim, p.pending)
		var view faulty
		switch {
		case err == nil:
			f.node.cfg.inject(pointFolded)
			f.paced(time.Since(start), result.Rows, p)
			f.folded(p, result)
			return
		case f.ctx.Err() != nil:
			return
		case errors.Is(err, aggregator.ErrClaimLost), errors.Is(err, aggregator.ErrOutcomeUnknown):
			f.log.Warn("claim to be renewed", "topic", p.tp.Topic, "partition", p.tp.Partition, "error", err)
			f.drop(p, reclaimWait)
			return
		case errors.Is(err, aggregator.ErrLedger):
			f.node.problem("partials", p.tp, fmt.Errorf("%w: was millrace.ledger changed or restored alone? "+
				"It is read again; what does not fit it is then named by view and range", err))
			f.drop(p, claimRetry)
			return
		case errors.As(err, &view):
			f.exclude(p, view)
			without(p.pending, view.FaultyView())
		case !f.node.members.owns(p.tp):
			f.drop(p, claimRetry)
			return
		default:
			f.node.metrics.failedFolds.Inc()
			f.log.Warn("fold failed: trying again", "topic", p.tp.Topic, "partition", p.tp.Partition, "wait", p.wait, "error", err)
			p.tryAt = time.Now().Add(p.wait)
			p.wait = min(2*p.wait, lastFoldRetry)
			return
		}
	}
}

// A fold that failed is tried again after firstFoldRetry, then after ever
// longer, up to lastFoldRetry.
const (
	firstFoldRetry = 50 * time.Millisecond
	lastFoldRetry  = 2 * time.Second
)

// exclude stops a view that cannot be folded, unless it has only been dropped.
func (f *folder) exclude(p *ownedPartition, fault faulty) {
	id := fault.FaultyView()
	if f.learn(); f.ctx.Err() != nil {
		return
	}
	if def, _ := f.find(id); def != nil {
		f.node.problem("view "+def.Name, p.tp, fault)
	}
	p.exclude(id, fault)
}

// pause waits for d; false when the folder has to stop.
func (f *folder) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-f.ctx.Done():
		return false
	}
}

func (f *folder) folded(p *ownedPartition, result aggregator.FoldResult) {
	fold := p.pending
	p.folded(fold)
	if result.Failed > 0 {
		f.log.Warn("groups set in error: reading them raises it", "groups", result.Failed, "topic", p.tp.Topic, "partition", p.tp.Partition)
	}
	if newest := fold.Newest(); newest > 0 {
		f.node.metrics.lagSeconds.WithLabelValues(p.tp.Topic, strconv.Itoa(int(p.tp.Partition))).Set(max(0, time.Since(time.UnixMilli(newest)).Seconds()))
	}
}

// drop forgets a partition's merged blocks and claims it again after a while, if
// it is still this node's: the store's position tells where to go on.
func (f *folder) drop(p *ownedPartition, wait time.Duration) {
	f.close(p)
	if f.node.members.owns(p.tp) {
		f.retry[p.tp] = time.Now().Add(wait)
	}
}

func (f *folder) close(p *ownedPartition) {
	f.reader.RemoveConsumePartitions(map[string][]int32{p.tp.Topic: {p.tp.Partition}})
	delete(f.parts, p.tp)
	clear(f.plans)
}

// assign makes partitions this folder's.
func (f *folder) assign(parts []topology.TopicPartition) {
	for _, tp := range parts {
		if !f.stopping {
			f.retry[tp] = time.Time{}
		}
	}
}

// revoke folds what is merged and gives partitions up. A slow store is not waited
// for as long as a fold may take: what is not folded here, the next owner folds.
func (f *folder) revoke(ctx context.Context, parts []topology.TopicPartition) {
	ctx, cancel := context.WithTimeout(ctx, f.node.cfg.SessionTimeout)
	defer cancel()
	for _, tp := range parts {
		delete(f.retry, tp)
		p := f.parts[tp]
		if p == nil {
			continue
		}
		if p.pending != nil {
			f.try(ctx, p)
		} else if !p.since.IsZero() {
			f.fold(ctx, p)
		}
		f.close(p)
		delete(f.retry, tp)
		if err := f.node.store.Release(ctx, p.claim); err != nil {
			f.log.Debug("claim not released", "topic", tp.Topic, "partition", tp.Partition, "error", err)
		}
	}
}

// lose gives partitions up at once.
func (f *folder) lose(parts []topology.TopicPartition) {
	for _, tp := range parts {
		delete(f.retry, tp)
		if p := f.parts[tp]; p != nil {
			f.close(p)
		}
	}
}

// stop folds what is merged and gives everything up. The folder goes on taking
// posts until its context ends.
func (f *folder) stop(ctx context.Context) {
	f.stopping = true
	var all []topology.TopicPartition
	for tp := range f.parts {
		all = append(all, tp)
	}
	f.revoke(ctx, all)
	clear(f.retry)
}

// know takes a newer catalog.
func (f *folder) know(c *topology.Catalog) {
	if c.Revision <= f.catalog.Revision {
		return
	}
	f.catalog = c
	clear(f.plans)
	for _, p := range f.parts {
		p.forget(c)
	}
}
