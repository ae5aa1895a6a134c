package consumer

import (
	"errors"
	"slices"
	"time"

	"github.com/millrace/millrace/aggregator"
)

// This file is how a folder folds several of its partitions in one transaction: of
// many small folds, BEGIN, COMMIT and the log's flush at it would cost more than
// the rows.

// collected returns the partitions that have something to fold, in the order in
// which every folder locks their rows.
func (f *folder) collected() []*ownedPartition {
	var all []*ownedPartition
	for _, p := range f.parts {
		if p.pending == nil && !p.since.IsZero() {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *ownedPartition) int { return a.tp.Compare(b.tp) })
	return all
}

// foldTogether folds partitions in one transaction. Where that fails each is folded
// by itself: what is one's fault stops no other.
func (f *folder) foldTogether(parts []*ownedPartition) {
	if len(parts) == 1 {
		f.fold(f.ctx, parts[0])
		return
	}
	var shares []aggregator.Share
	var begun []*ownedPartition
	for _, p := range parts {
		fold, err := p.fold()
		if err != nil {
			f.node.problem("partials", p.tp, err)
			f.drop(p, claimRetry)
			continue
		}
		p.pending, p.wait = fold, firstFoldRetry
		begun, shares = append(begun, p), append(shares, aggregator.Share{Claim: p.claim, Fold: fold})
	}
	if len(begun) == 0 {
		return
	}
	f.node.cfg.inject(pointMerged)
	start := time.Now()
	result, err := f.node.store.FoldTogether(f.ctx, shares)
	switch {
	case err == nil:
		f.node.cfg.inject(pointFolded)
		f.paced(time.Since(start), result.Rows, begun...)
		for _, p := range begun {
			f.folded(p, result)
			result.Failed = 0 // said once
		}
	case f.ctx.Err() != nil:
	case errors.Is(err, aggregator.ErrOutcomeUnknown):
		f.log.Warn("claims to be renewed", "partitions", len(begun), "error", err)
		for _, p := range begun {
			f.drop(p, reclaimWait)
		}
	default:
		f.log.Debug("partitions are folded one by one", "partitions", len(begun), "reason", err)
		for _, p := range begun {
			if f.parts[p.tp] == p {
				f.try(f.ctx, p)
			}
		}
	}
}

// paced takes from folds that are done how long to wait for the next.
func (f *folder) paced(took time.Duration, rows int, parts ...*ownedPartition) {
	var newest int64
	for _, p := range parts {
		newest = max(newest, p.pending.Newest())
	}
	age := time.Duration(0)
	if newest > 0 {
		age = time.Since(time.UnixMilli(newest))
	}
	f.pace.folded(time.Now(), took, rows, age)
}
