package oracle

import (
	"context"
	"errors"
	"fmt"

	"github.com/millrace/millrace/aggregator"
)

// mergedBlock is a block that an owner has merged and not folded.
type mergedBlock struct {
	view int
	of   *CompiledView
	data []byte
}

// takeOver ends the owner before its fold: another one claims the partition and
// merges the same blocks again. The fold that the first one then tries
// must be refused.
func (x *stream) takeOver(ctx context.Context) error {
	x.taken = true
	x.Takeovers++
	late := &aggregator.Fold{Topic: x.claim.Topic, Partition: x.claim.Partition, From: x.claim.Position, To: x.claim.Position + 1}
	if err := x.collect(late); err != nil { // which empties the mergers
		return err
	}
	before := x.claim
	var err error
	if x.claim, err = x.store.Claim(ctx, before.Topic, before.Partition); err != nil {
		return err
	}
	if x.claim.Position != before.Position {
		return fmt.Errorf("stream %s: taken over at %d, folded up to %d", x.Name, x.claim.Position, before.Position)
	}
	if _, err := x.store.Fold(ctx, before, late); !errors.Is(err, aggregator.ErrClaimLost) {
		return fmt.Errorf("stream %s: an owner that is none any more folds, want %w, got %v", x.Name, aggregator.ErrClaimLost, err) //nolint:errorlint // it may be nil
	}
	for _, b := range x.merged {
		if err := x.merge(b.view, b.of, b.data); err != nil {
			return err
		}
	}
	return nil
}
