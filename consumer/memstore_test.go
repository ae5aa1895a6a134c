package consumer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// group is a row of the tests' view.
type group struct{ count, sum, min int64 }

// memStore is a Store in memory with the invariants of the real one, and with
// failures at the rates that a test sets.
type memStore struct {
	mu         sync.Mutex // guards all
	rng        *rand.Rand
	fail       int // of 100 folds fail before they do anything
	unknown    int // of 100 folds do not say whether they happened
	partitions map[topology.TopicPartition]*memPartition
	groups     map[topology.ViewID]map[string]group
	faults     []string
	folds      int
	together   int  // folds of several partitions
	refuses    bool // every fold fails
}

type memPartition struct {
	owner    topology.ID
	term     int64
	position int64
	ledger   map[ledgerKey]partial.Range
}

type ledgerKey struct {
	view      topology.ViewID
	shard     topology.ShardID
	topic     topology.TopicID
	partition topology.Partition
}

var (
	errMemStore  = errors.New("store: injected failure")
	errMemLedger = errors.New("store: the fold does not continue the ledger")
)

func newMemStore(seed uint64) *memStore {
	return &memStore{
		rng:        rand.New(rand.NewPCG(seed, 3)),
		partitions: map[topology.TopicPartition]*memPartition{},
		groups:     map[topology.ViewID]map[string]group{},
	}
}

func (s *memStore) Claim(_ context.Context, topic string, p topology.Partition) (*aggregator.Claim, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tp := topology.TopicPartition{Topic: topic, Partition: p}
	m := s.partitions[tp]
	if m == nil {
		m = &memPartition{ledger: map[ledgerKey]partial.Range{}}
		s.partitions[tp] = m
	}
	m.owner = NewID()
	m.term++
	c := &aggregator.Claim{Owner: m.owner, Term: m.term, Topic: topic, Partition: p, Position: m.position}
	for k, r := range m.ledger {
		c.Ledger = append(c.Ledger, aggregator.Applied{View: k.view, Shard: k.shard, Range: r})
	}
	return c, nil
}

func (s *memStore) ClaimTogether(ctx context.Context, parts []topology.TopicPartition) (claims []*aggregator.Claim, err error) {
	for _, tp := range parts {
		c, err := s.Claim(ctx, tp.Topic, tp.Partition)
		if err != nil {
			return nil, err
		}
		claims = append(claims, c)
	}
	return claims, nil
}

func (s *memStore) Fold(ctx context.Context, c *aggregator.Claim, f *aggregator.Fold) (aggregator.FoldResult, error) {
	return s.FoldTogether(ctx, []aggregator.Share{{Claim: c, Fold: f}})
}

func (s *memStore) FoldTogether(_ context.Context, shares []aggregator.Share) (aggregator.FoldResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folds++
	if len(shares) > 1 {
		s.together++
	}
	if s.refuses || s.rng.IntN(100) < s.fail {
		return aggregator.FoldResult{}, errMemStore
	}
	lost := s.rng.IntN(100) < s.unknown
	if lost && s.rng.IntN(2) == 0 {
		return aggregator.FoldResult{}, aggregator.ErrOutcomeUnknown
	}
	for _, share := range shares {
		if err := s.check(share.Claim, share.Fold); err != nil {
			return aggregator.FoldResult{}, err
		}
	}
	for _, share := range shares {
		s.write(share.Fold)
	}
	if lost {
		return aggregator.FoldResult{}, aggregator.ErrOutcomeUnknown
	}
	return aggregator.FoldResult{}, nil
}

// check refuses what the real store refuses.
func (s *memStore) check(c *aggregator.Claim, f *aggregator.Fold) error {
	m := s.partitions[topology.TopicPartition{Topic: c.Topic, Partition: c.Partition}]
	if m == nil || m.owner.IsZero() || m.owner != c.Owner || m.position != f.From {
		return aggregator.ErrClaimLost
	}
	for _, a := range f.Applied { // nothing is written where the ledger does not go on
		before, ok := m.ledger[ledgerKey{a.View, a.Shard, a.Range.Topic, a.Range.Partition}]
		if ok && (a.Range.From != before.From || a.Range.To <= before.To) {
			s.faults = append(s.faults, fmt.Sprintf("ledger moved from %v to %v", before, a.Range))
			return errMemLedger
		}
	}
	return nil
}

func (s *memStore) write(f *aggregator.Fold) {
	m := s.partitions[topology.TopicPartition{Topic: f.Topic, Partition: f.Partition}]
	m.position = f.To
	for _, a := range f.Applied {
		m.ledger[ledgerKey{a.View, a.Shard, a.Range.Topic, a.Range.Partition}] = a.Range
	}
	for i := range f.Views {
		s.merge(&f.Views[i])
	}
}

// refuse makes every fold fail, or no longer.
func (s *memStore) refuse(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuses = on
}

func (s *memStore) merge(v *aggregator.ViewRows) {
	if s.groups[v.View] == nil {
		s.groups[v.View] = map[string]group{}
	}
	var rows aggregator.Piece
	v.Piece(0, v.Len(), &rows)
	for i := range rows.Hashes {
		key := string(rows.Keys[0].Bytes(i))
		g, ok := s.groups[v.View][key]
		least := rows.States[2].Ints[i]
		if ok {
			least = min(least, g.min)
		}
		s.groups[v.View][key] = group{g.count + rows.States[0].Ints[i], g.sum + decimalInt(rows.States[1].Bytes(i)), least}
	}
}

func (s *memStore) Applied(_ context.Context, topic string) (aggregator.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := aggregator.State{Positions: map[topology.Partition]int64{}}
	for tp, m := range s.partitions {
		if tp.Topic != topic {
			continue
		}
		state.Positions[tp.Partition] = m.position
		for k, r := range m.ledger {
			state.Ledger = append(state.Ledger, aggregator.Applied{View: k.view, Shard: k.shard, Range: r})
		}
	}
	return state, nil
}

func (s *memStore) Release(_ context.Context, c *aggregator.Claim) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.partitions[topology.TopicPartition{Topic: c.Topic, Partition: c.Partition}]; m != nil && m.owner == c.Owner {
		m.owner = topology.ID{}
	}
	return nil
}

// found returns a copy of the faults.
func (s *memStore) found() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

func (s *memStore) EnsureView(context.Context, *topology.View, *query.Plan, *topology.Catalog) error {
	return nil
}

// foldedTo returns how far a view is folded in a partition by its slowest shard.
func (s *memStore) foldedTo(v *topology.View, p topology.Partition) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var least int64 = -1
	for shard := range v.Shards {
		to := v.StartAt(p)
		for _, m := range s.partitions {
			for k, r := range m.ledger {
				if k.view == v.ID && k.shard == topology.ShardID(shard) && k.partition == p {
					to = max(to, r.To)
				}
			}
		}
		if least < 0 || to < least {
			least = to
		}
	}
	return least
}

// rows returns a copy of a view's groups.
func (s *memStore) rows(id topology.ViewID) map[string]group {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]group{}
	for k, g := range s.groups[id] {
		out[k] = g
	}
	return out
}
