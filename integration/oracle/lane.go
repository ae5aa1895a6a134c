package oracle

import (
	"context"
	"crypto/rand"
	"fmt"
	chance "math/rand/v2"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// inputPartitions is how many input partitions the flushes of a run are of.
const inputPartitions = 16

// roomy is how large a block is that a broker takes.
const roomy = 900_000

// Options must not matter for what the views show.
type Options struct {
	Shards int
	Policy topology.ShardingPolicy // of every view; "" is read_optimized
	Lanes  int
	// Batch is how many records a batch has at most, Flush how many batches a
	// lane aggregates at most before a flush, Fold how many flushes are merged
	// at most before a fold; where each ends is chance's.
	Batch, Flush, Fold int
	BlockLimit         int // bytes of a block
	// Takeover says that each partition gets another owner, once, while its first
	// one has merged what it has not folded.
	Takeover bool
	Seed     uint64
}

func (o Options) String() string {
	owners := "one owner"
	if o.Takeover {
		owners = "a takeover"
	}
	return fmt.Sprintf("%d shards, %s, %s, %d lanes, batches of %d, %d a flush, %d flushes a fold, blocks of %d bytes, seed %d",
		o.Shards, o.Policy, owners, o.Lanes, o.Batch, o.Flush, o.Fold, o.BlockLimit, o.Seed)
}

// Seams are where a run may be harmed on purpose; nil does nothing.
type Seams struct {
	// Plan may change a view's plan, a copy of its own.
	Plan func(*query.Plan)
	// Made may change a view's relations, which are there and empty.
	Made func(ctx context.Context, spec schema.ViewSpec) error
	// Block may change a block that was decoded, and returns how often it is merged.
	Block func(v *CompiledView, b *partial.Block) int
	// Rows may change what a fold is given.
	Rows func(v *CompiledView, r *aggregator.ViewRows)
	// Apart, where it is true of a row of a batch, sends the row to group
	// tables of its own, whose groups are others than the rest's.
	Apart func(v *CompiledView, b *column.Batch, row int32) bool
}

// Run is one in-process run of the corpus: records' bytes through decoder,
// group tables, encoded blocks and mergers into PostgreSQL.
type Run struct {
	store   *sink.Store
	options Options
	seams   Seams
	rng     *chance.Rand
	// Evaluator carries out row programs; nil where no view has one.
	Evaluator consumer.Evaluator
	// Dead are the dead letters: by stream, "decode" and SQLSTATE, or by view
	// and SQLSTATE.
	Dead map[string]int
	// Takeovers is how many partitions got another owner.
	Takeovers int
}

// NewRun prepares a run into a database that millrace's objects are installed in.
func NewRun(store *sink.Store, options Options, seams Seams) *Run {
	return &Run{store: store, options: options, seams: seams, rng: chance.New(chance.NewPCG(options.Seed, 1)), Dead: map[string]int{}}
}

// lane is one lane's tables of one stream.
type lane struct {
	decoder  format.Decoder
	metadata format.Metadata
	views    []*aggregator.View
	remotes  []*remote // of the views, nil for those that need none
	batches  int       // since the last flush
	seq      uint64
}

// stream is one stream on its way through a run.
type stream struct {
	*Run
	*CompiledStream
	plans   []*query.Plan
	ids     []topology.ViewID
	lanes   []*lane
	mergers [][]*aggregator.Merger // by view and shard
	apart   *stream                // for the rows that a seam sets apart
	claim   *aggregator.Claim
	flushes int // since the last fold
	// merged are the blocks since the last fold, where a takeover is to come.
	merged []mergedBlock
	taken  bool  // it has come
	offset int64 // of the next record
	batch  column.Batch
	picked column.Batch
	block  partial.Block
}

// Stream makes the views of a stream and runs all its records through them.
func (r *Run) Stream(ctx context.Context, s *CompiledStream) error {
	x, err := r.newStream(s)
	if err != nil {
		return err
	}
	for i, v := range s.Views {
		spec := schema.ViewSpec{
			ID: x.ids[i], Name: v.Name, Revision: 1, Plan: x.plans[i], Select: v.Select,
			Shards: r.options.Shards, Partials: "partials." + s.Name, Partitions: 1, Policy: r.options.Policy,
		}
		if err := r.store.EnsureView(ctx, spec, func(topology.ViewID, topology.Revision) schema.State { return schema.Live }); err != nil {
			return fmt.Errorf("%s: view %s: %w", v.Place, v.Name, err)
		}
		if r.seams.Made != nil {
			if err := r.seams.Made(ctx, spec); err != nil {
				return fmt.Errorf("%s: view %s: %w", v.Place, v.Name, err)
			}
		}
	}
	if r.seams.Apart != nil {
		if x.apart, err = r.newStream(s); err != nil {
			return err
		}
		x.apart.ids = x.ids
	}
	if x.claim, err = r.store.Claim(ctx, "partials."+s.Name, 0); err != nil {
		return err
	}
	for rest := s.Records; len(rest) > 0; {
		n := min(len(rest), 1+r.rng.IntN(r.options.Batch))
		for i := range n { // early records do not share a batch with others
			if rest[i].Early != rest[0].Early {
				n = i
				break
			}
		}
		if err := x.take(ctx, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	for _, l := range x.lanes {
		if err := x.flush(ctx, l); err != nil {
			return err
		}
	}
	return x.fold(ctx)
}

func (r *Run) newStream(s *CompiledStream) (*stream, error) {
	x := &stream{Run: r, CompiledStream: s}
	if s.Definition == nil { // no view reads it
		s.Definition = &topology.Stream{Format: "json"}
	}
	for range r.options.Lanes {
		l := &lane{decoder: consumer.NewDecoder(s.Definition, s.Fields, format.Env{Zone: s.Zone})}
		for _, m := range s.Metadata {
			l.metadata.Want(m.What, m.Of, m.Place)
		}
		x.lanes = append(x.lanes, l)
	}
	x.batch.Columns = make([]*column.Vector, s.Width)
	for _, v := range s.Views {
		plan := copyPlan(v.Plan)
		if r.seams.Plan != nil {
			r.seams.Plan(plan)
		}
		var id topology.ViewID
		rand.Read(id[:])
		x.plans, x.ids = append(x.plans, plan), append(x.ids, id)
		for _, l := range x.lanes {
			table, err := aggregator.NewView(id, plan, r.options.Shards)
			if err != nil {
				return nil, fmt.Errorf("%s: view %s: %w", v.Place, v.Name, err)
			}
			table.SetPolicy(r.options.Policy)
			programmed, err := newRemote(v)
			if err != nil {
				return nil, fmt.Errorf("%s: view %s: %w", v.Place, v.Name, err)
			}
			l.views, l.remotes = append(l.views, table), append(l.remotes, programmed)
		}
		var shards []*aggregator.Merger
		for shard := range r.options.Shards {
			merger := aggregator.NewMerger(id, v.Name, topology.ShardID(shard), plan)
			merger.SetPolicy(r.options.Policy)
			shards = append(shards, merger)
		}
		x.mergers = append(x.mergers, shards)
	}
	return x, nil
}

// copyPlan returns a plan that can be changed without the original.
func copyPlan(p *query.Plan) *query.Plan {
	plan := *p
	plan.Keys = append([]query.Key(nil), p.Keys...)
	plan.Aggregates = append([]query.Aggregate(nil), p.Aggregates...)
	return &plan
}

// take decodes records as one batch and folds them into a lane's tables.
func (x *stream) take(ctx context.Context, records []Record) error {
	l := x.lanes[x.rng.IntN(len(x.lanes))]
	l.decoder.Begin(&x.batch)
	l.metadata.Begin(&x.batch)
	x.records(0)
	for _, r := range records {
		first := x.batch.Rows
		err := l.decoder.Append(&x.batch, r.Value)
		if err == format.NoRoom {
			if err := x.add(ctx, l, &x.batch, records[0].Early); err != nil {
				return err
			}
			l.decoder.Begin(&x.batch)
			l.metadata.Begin(&x.batch)
			x.records(0)
			first, err = 0, l.decoder.Append(&x.batch, r.Value)
		}
		if err != nil {
			x.Dead[x.Name+" decode "+err.Code]++
			if r.Dead == "" {
				return fmt.Errorf("stream %s: record %q: %w", x.Name, r.Value, err)
			}
		}
		partition := int32(x.offset % inputPartitions)
		if x.Kafka {
			partition = 0
		}
		l.metadata.Fill(&x.batch, first, &kgo.Record{
			Topic: x.Name, Partition: partition, Offset: x.offset, Value: r.Value, Key: r.Key, Headers: r.Headers, Timestamp: r.Time,
		})
		x.offset++
		x.records(first)
	}
	if err := x.add(ctx, l, &x.batch, records[0].Early); err != nil {
		return err
	}
	if l.batches++; x.rng.IntN(x.options.Flush) > 0 && l.batches < x.options.Flush {
		return nil
	}
	if err := x.flush(ctx, l); err != nil {
		return err
	}
	if x.flushes++; x.rng.IntN(x.options.Fold) > 0 && x.flushes < x.options.Fold {
		return nil
	}
	return x.fold(ctx)
}

// records says that the rows of the batch from first on are one record's, where
// records may have several.
func (x *stream) records(first int) {
	if !format.Several(x.Definition.Format) {
		return
	}
	if x.batch.Records == nil {
		x.batch.Records = []int32{}
	}
	x.batch.Records = x.batch.Records[:first]
	for len(x.batch.Records) < x.batch.Rows {
		x.batch.Records = append(x.batch.Records, int32(first))
	}
}

func (x *stream) add(ctx context.Context, l *lane, batch *column.Batch, early bool) error {
	for i, v := range x.Views {
		if v.Latest && early {
			continue
		}
		v.pick(batch, &x.picked)
		rows := column.All(x.picked.Rows)
		failed := func(_ int32, err *datum.Error) { x.Dead[v.Name+" "+err.Code]++ }
		if x.apart != nil {
			var here, there []int32
			for _, row := range rows {
				if x.seams.Apart(v, &x.picked, row) {
					there = append(there, row)
				} else {
					here = append(here, row)
				}
			}
			if err := x.addTo(ctx, x.apart.lanes[0], i, there, failed); err != nil {
				return err
			}
			rows = here
		}
		if err := x.addTo(ctx, l, i, rows, failed); err != nil {
			return err
		}
	}
	return nil
}

// addTo gives rows of the picked batch to a view's tables on a lane.
func (x *stream) addTo(ctx context.Context, l *lane, i int, rows []int32, failed func(int32, *datum.Error)) error {
	if l.remotes[i] == nil {
		l.views[i].Add(&x.picked, rows, failed)
		return nil
	}
	return l.remotes[i].evaluate(ctx, x.Evaluator, x.Views[i], l.views[i], &x.picked, rows, failed)
}

// flush encodes a lane's groups and merges the blocks as their owners would.
func (x *stream) flush(ctx context.Context, l *lane) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.batches = 0
	l.seq++
	limit := x.options.BlockLimit
	if x.Large {
		limit = roomy
	}
	for i, v := range x.Views {
		// The input partition says which shard takes all groups of a write_optimized view.
		ranges := []partial.Range{{Partition: x.rng.Int32N(inputPartitions), From: int64(l.seq), To: int64(l.seq + 1)}}
		err := l.views[i].Blocks(partial.FlushID{Seq: l.seq}, ranges, limit, func(_ topology.GroupHash, b *partial.Block) error {
			data := partial.Append(nil, b)
			if len(data) > limit {
				return fmt.Errorf("block of %d bytes, the limit is %d", len(data), limit)
			}
			if x.options.Takeover && !x.taken {
				x.merged = append(x.merged, mergedBlock{i, v, data})
			}
			return x.merge(i, v, data)
		})
		if err != nil {
			return fmt.Errorf("%s: view %s: %w", v.Place, v.Name, err)
		}
		l.views[i].Reset()
	}
	return nil
}

func (x *stream) merge(i int, v *CompiledView, data []byte) error {
	if err := partial.Decode(data, &x.block); err != nil {
		return err
	}
	times := 1
	if x.seams.Block != nil {
		times = x.seams.Block(v, &x.block)
	}
	for range times {
		if err := x.mergers[i][x.block.Shard].Merge(&x.block); err != nil {
			return err
		}
	}
	return nil
}

// fold merges everything that was flushed into PostgreSQL, in one transaction.
func (x *stream) fold(ctx context.Context) error {
	x.flushes = 0
	if len(x.merged) > 0 && x.rng.IntN(2) == 0 {
		if err := x.takeOver(ctx); err != nil {
			return err
		}
	}
	x.merged = nil
	fold := &aggregator.Fold{Topic: x.claim.Topic, Partition: x.claim.Partition, From: x.claim.Position, To: x.claim.Position + 1}
	if err := x.collect(fold); err != nil {
		return err
	}
	if x.apart != nil {
		if err := x.apart.flush(ctx, x.apart.lanes[0]); err != nil {
			return err
		}
		first := len(fold.Views)
		if err := x.apart.collect(fold); err != nil {
			return err
		}
		for _, rows := range fold.Views[first:] {
			for i := range rows.Hashes {
				rows.Hashes[i][15] ^= 1
			}
		}
	}
	if _, err := x.store.Fold(ctx, x.claim, fold); err != nil {
		return err
	}
	x.claim.Position++
	return nil
}

// collect hands every merger's groups to a fold.
func (x *stream) collect(fold *aggregator.Fold) error {
	for i, v := range x.Views {
		for shard, m := range x.mergers[i] {
			if m.Groups() == 0 {
				continue
			}
			rows, err := m.Rows()
			if err != nil {
				return fmt.Errorf("%s: view %s: %w", v.Place, v.Name, err)
			}
			rows.View, rows.Shard = x.ids[i], topology.ShardID(shard)
			if x.seams.Rows != nil {
				x.seams.Rows(v, rows)
			}
			fold.Views = append(fold.Views, *rows)
			m.Reset()
		}
	}
	return nil
}
