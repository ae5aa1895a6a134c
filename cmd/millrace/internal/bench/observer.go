package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/topology"
)

// observeEvery is how often the observer looks.
const observeEvery = 20 * time.Millisecond

// observer looks at the ledger all the time, and keeps when each pair moved.
// A move is dated by when the answer is there: the observer's own delay counts against what
// it measures, and is measured as well.
type observer struct {
	conn    *pgx.Conn
	cluster string

	mu     sync.Mutex // guards the rest
	moves  history
	at     map[pair]int64                          // the offset up to which it is folded
	shards map[topology.ShardID]topology.Partition // where they live
	last   time.Time                               // the last look
	blind  []span                                  // between two looks, where the second came late
	err    error
}

// lateLook is how long between two looks is worth keeping.
const lateLook = 2 * observeEvery

func newObserver(ctx context.Context, url, cluster string) (*observer, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	return &observer{conn: conn, cluster: cluster, moves: history{}, at: map[pair]int64{}, shards: map[topology.ShardID]topology.Partition{}}, nil
}

// run looks until ctx ends, and closes the connection.
func (o *observer) run(ctx context.Context) {
	defer func() { _ = o.conn.Close(context.WithoutCancel(ctx)) }()
	tick := time.NewTicker(observeEvery)
	defer tick.Stop()
	for {
		if err := o.look(ctx); err != nil {
			o.mu.Lock()
			o.err = fmt.Errorf("observe the ledger: %w", err)
			o.mu.Unlock()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// seen is one row of the ledger.
type seen struct {
	Partition topology.Partition
	Shard     topology.ShardID
	Input     topology.Partition
	To        int64
	Newest    int64
}

func (o *observer) look(ctx context.Context) error {
	rows, err := o.conn.Query(ctx, `SELECT partition, shard, input_partition, to_offset, max_time FROM millrace.ledger WHERE cluster = $1`, o.cluster)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[seen])
	if err != nil {
		return err
	}
	o.take(time.Now(), all)
	return nil
}

func (o *observer) take(now time.Time, rows []seen) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.last.IsZero() && now.Sub(o.last) > lateLook {
		o.blind = append(o.blind, span{o.last, now})
	}
	o.last = now
	for _, r := range rows {
		p := pair{r.Shard, r.Input}
		o.shards[r.Shard] = r.Partition
		if before, known := o.at[p]; !known || r.To > before {
			o.at[p] = r.To
			o.moves[p] = append(o.moves[p], advance{seen: now, newest: time.UnixMilli(r.Newest)})
		}
	}
}

// cut returns the moves within a span, with the last one before it, and how long the
// observer itself looked away at most.
func (o *observer) cut(s span) (history, time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	h := history{}
	for p, moves := range o.moves {
		first, _ := slices.BinarySearchFunc(moves, s.begin, func(a advance, t time.Time) int { return a.seen.Compare(t) })
		end, _ := slices.BinarySearchFunc(moves, s.end, func(a advance, t time.Time) int { return a.seen.Compare(t) })
		h[p] = slices.Clone(moves[max(0, first-1):end])
	}
	blind := observeEvery
	for _, b := range o.blind {
		if b.end.After(s.begin) && b.begin.Before(s.end) {
			blind = max(blind, b.end.Sub(b.begin))
		}
	}
	return h, blind
}

// newest returns how many pairs there are, and when the newest event of the pair was made
// that is behind the others. The error is what ended the observing.
func (o *observer) newest() (pairs int, oldest time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	oldest = o.last
	for _, moves := range o.moves {
		if n := moves[len(moves)-1].newest; n.Before(oldest) {
			oldest = n
		}
	}
	return len(o.moves), oldest, o.err
}

// shardsIn returns the shards that live in some partitions of the partials topic.
func (o *observer) shardsIn(partitions map[topology.Partition]bool) map[topology.ShardID]bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	shards := map[topology.ShardID]bool{}
	for shard, partition := range o.shards {
		if partitions[partition] {
			shards[shard] = true
		}
	}
	return shards
}
