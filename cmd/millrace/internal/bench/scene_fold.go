package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// FoldSettings say how to measure folds alone. Of the settings within, those of
// the contenders are not used.
type FoldSettings struct {
	Settings
	// Rows are how many groups the tables hold, Sizes how many of them a fold
	// changes.
	Rows, Sizes []int
	// Folds is how often each size is folded; 0 is as often as it takes for a
	// median to mean something.
	Folds int
}

// Validate reports every setting that cannot work.
func (s *FoldSettings) Validate() error {
	var f faults
	f.check(len(s.Rows) > 0 && len(s.Sizes) > 0, "--rows or --sizes is empty: give numbers such as 1000,10000")
	f.check(s.Folds >= 0, "--folds is %d: use 1 or more, or 0 to leave it open", s.Folds)
	for _, rows := range s.Rows {
		f.check(rows >= 1 && rows <= 100_000_000, "--rows has %d: use 1 to 100000000", rows)
		for _, size := range s.Sizes {
			f.check(size >= 1 && size <= rows, "--sizes has %d: use 1 to as many as --rows (%d)", size, rows)
		}
	}
	return f.err()
}

// foldRatio is how fast a fold is to be, to the best hand-written statement.
const foldRatio = 0.80

// Folds measures and prints folds alone against the best hand-written SQL for the same
// change: groups a second, rows changed, WAL written, updates within their page.
func Folds(ctx context.Context, s FoldSettings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return runScene(ctx, &s.Settings, "fold", "folds alone, one connection each, against hand-written SQL with its offsets in the same transaction", s.measure)
}

// foldWay is one way to change the groups of a fold.
type foldWay struct {
	name, what string
	table      string // for pg_stat_all_tables
	write      func(ctx context.Context, args []any) error

	took []time.Duration
	wal  []float64 // bytes for each group
	was  rowChanges
}

// rowChanges are what PostgreSQL counts for a table.
type rowChanges struct{ inserted, updated, hot int64 }

func (c rowChanges) all() int64 { return c.inserted + c.updated }

// foldScene is the state of one table size.
type foldScene struct {
	*scene
	folding *folding
	ways    []*foldWay
	fold    *aggregator.Fold // Millrace's next
	rng     *rand.Rand
	order   []int // channels
}

func (s *FoldSettings) measure(ctx context.Context, sc *scene) error {
	sc.report.set("rows", s.Rows)
	sc.report.set("sizes", s.Sizes)
	for _, rows := range s.Rows {
		if err := s.table(ctx, sc, rows); err != nil {
			return fmt.Errorf("%d rows: %w", rows, err)
		}
	}
	return nil
}

// table measures all sizes with tables of one size.
func (s *FoldSettings) table(ctx context.Context, sc *scene, rows int) (err error) {
	topic, err := sc.makeTopic(ctx, fmt.Sprintf("fold%d", rows), Partitions)
	if err != nil {
		return err
	}
	t := trial{name: "fold", topic: topic, partitions: Partitions, shards: 1, views: sameViews(1)}
	c, err := sc.open(ctx, &t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.drop(context.WithoutCancel(ctx))) }()
	f := &foldScene{scene: sc, rng: rand.New(rand.NewPCG(1, 1))}
	f.order = f.rng.Perm(rows)
	if f.folding, err = openFolding(ctx, &job{settings: c.svc.Settings}); err != nil {
		return err
	}
	defer f.folding.svc.Close()
	defer func() { _ = f.folding.rival.conn.Close(context.WithoutCancel(ctx)) }()
	if err := f.prepare(ctx, c.views[0]); err != nil {
		return err
	}
	sc.say("filling tables with %d rows", rows)
	const piece = 50_000
	for from := 0; from < rows; from += piece {
		if err := f.round(ctx, f.order[from:min(from+piece, rows)], 0); err != nil {
			return err
		}
	}
	if _, err := sc.conn.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		return err
	}
	for _, size := range s.Sizes {
		if err := s.size(ctx, f, rows, size); err != nil {
			return fmt.Errorf("%d groups: %w", size, err)
		}
	}
	for _, w := range f.ways[1:] {
		if err := compareTables(ctx, sc.conn, "SELECT channel, count, sum, low, high FROM "+c.views[0], "SELECT channel, count, sum, low, high FROM "+w.table); err != nil {
			return fmt.Errorf("%s: %w", w.what, err)
		}
		if _, err := sc.conn.Exec(ctx, "DROP TABLE "+w.table+", "+w.table+"_offsets"); err != nil {
			return err
		}
	}
	return nil
}

const (
	handConflict = `INSERT INTO %s AS t SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
		ON CONFLICT (channel) DO UPDATE SET count = t.count + excluded.count, sum = t.sum + excluded.sum,
		low = LEAST(t.low, excluded.low), high = GREATEST(t.high, excluded.high)`
	handMerge = `MERGE INTO %s AS t USING unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) AS n (channel, count, sum, low, high)
		ON t.channel = n.channel
		WHEN MATCHED THEN UPDATE SET count = t.count + n.count, sum = t.sum + n.sum, low = LEAST(t.low, n.low), high = GREATEST(t.high, n.high)
		WHEN NOT MATCHED THEN INSERT VALUES (n.channel, n.count, n.sum, n.low, n.high)`
)

// prepare makes the tables of the hand-written ways.
func (f *foldScene) prepare(ctx context.Context, view string) error {
	f.ways = []*foldWay{{name: "millrace", what: "Millrace's fold", table: view + "_mrel", write: func(ctx context.Context, _ []any) error {
		_, err := f.folding.svc.Store.Fold(ctx, f.folding.claim, f.fold)
		return err
	}}}
	for _, hand := range []struct{ name, what, sql string }{
		{"conflict", "hand-written: unnest, ON CONFLICT", handConflict},
		{"merge", "hand-written: unnest, MERGE", handMerge},
	} {
		table := "fold_" + hand.name
		if _, err := f.conn.Exec(ctx, fmt.Sprintf(channelTable, table)); err != nil {
			return err
		}
		if _, err := f.conn.Exec(ctx, fmt.Sprintf(rivalOffsetsTable, table+"_offsets", Partitions-1)); err != nil {
			return err
		}
		sql, move := fmt.Sprintf(hand.sql, table), fmt.Sprintf(rivalMove, table+"_offsets")
		f.ways = append(f.ways, &foldWay{name: hand.name, what: hand.what, table: table, write: func(ctx context.Context, args []any) error {
			return f.byHand(ctx, sql, move, args)
		}})
	}
	return nil
}

// byHand changes the groups and moves the offsets in one transaction.
func (f *foldScene) byHand(ctx context.Context, sql, move string, args []any) error {
	tx, err := f.folding.rival.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // nothing after a commit
	from, to := make([]int64, Partitions), make([]int64, Partitions)
	for p := range from {
		from[p], to[p] = f.folding.moved-1, f.folding.moved
	}
	batch := &pgx.Batch{}
	batch.Queue(sql, args...)
	batch.Queue(move, []int32{0, 1, 2, 3}, from, to)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// round changes one event of each of the channels in every way, beginning with
// another one each time.
func (f *foldScene) round(ctx context.Context, channels []int, first int) error {
	rows, err := f.folding.group(channels)
	if err != nil {
		return err
	}
	byHand := &pgx.Batch{} // only its parameters are wanted
	f.folding.added.queue(byHand, rivalName)
	f.folding.moved++
	f.fold = f.folding.next(rows)
	for i := range f.ways {
		w := f.ways[(first+i)%len(f.ways)]
		before, err := f.written(ctx)
		if err != nil {
			return err
		}
		start := time.Now()
		if err := w.write(ctx, byHand.QueuedQueries[0].Arguments); err != nil {
			return fmt.Errorf("%s: %w", w.what, err)
		}
		w.took = append(w.took, time.Since(start))
		after, err := f.written(ctx)
		if err != nil {
			return err
		}
		w.wal = append(w.wal, float64(after-before)/float64(len(channels)))
	}
	f.folding.claim.Position++
	return nil
}

// next is the fold of some rows.
func (f *folding) next(rows *aggregator.ViewRows) *aggregator.Fold {
	fold := &aggregator.Fold{Topic: f.topic, Partition: f.claim.Partition, From: f.claim.Position, To: f.claim.Position + 1, Views: []aggregator.ViewRows{*rows}}
	for p := range topology.Partition(Partitions) {
		fold.Applied = append(fold.Applied, aggregator.Applied{View: f.view.ID, Range: partial.Range{Partition: p, To: f.moved, MaxTime: 1}, Continues: f.moved - 1})
	}
	return fold
}

// written is how much WAL the server has written.
func (f *foldScene) written(ctx context.Context) (bytes int64, err error) {
	err = f.conn.QueryRow(ctx, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").Scan(&bytes)
	return bytes, err
}

// size folds one number of groups again and again.
func (s *FoldSettings) size(ctx context.Context, f *foldScene, rows, size int) error {
	times := s.Folds
	if times == 0 {
		times = folds(size)
	}
	for _, w := range f.ways {
		w.took, w.wal = nil, nil
		var err error
		if w.was, err = f.changes(ctx, w.table, max(w.was.all(), int64(rows))); err != nil {
			return err
		}
	}
	for i := range times {
		from := 0
		if rows > size {
			from = f.rng.IntN(rows - size)
		}
		if err := f.round(ctx, f.order[from:from+size], i); err != nil {
			return err
		}
	}
	f.say("%d rows: %d folds of %d groups", rows, times, size)
	p := f.report.part(fmt.Sprintf("rows_%d_groups_%d", rows, size), fmt.Sprintf("%d folds of %d groups of a table of %d", times, size, rows))
	return f.summarize(ctx, p, size, times)
}

func (f *foldScene) summarize(ctx context.Context, p *scenePart, size, times int) error {
	best := f.ways[1]
	for _, w := range f.ways {
		p.add(w.name+"_rate", w.what, "groups/s", float64(size)/median(w.took).Seconds())
		if w != f.ways[0] && median(w.took) < median(best.took) {
			best = w
		}
	}
	ratios := make([]float64, times)
	for i, took := range f.ways[0].took {
		ratios[i] = best.took[i].Seconds() / took.Seconds()
	}
	p.add("ratio", "  Millrace to the best by hand", "×", ratios...).atLeast(foldRatio)
	for _, w := range f.ways {
		now, err := f.changes(ctx, w.table, w.was.all()+int64(size*times))
		if err != nil {
			return err
		}
		changed := now.all() - w.was.all()
		if changed != int64(size*times) {
			return fmt.Errorf("%w: %s changed %d rows for %d groups", errWrong, w.what, changed, size*times)
		}
		if w == f.ways[0] {
			p.add("changes", "  rows changed for each group and fold", "", float64(changed)/float64(size*times)).atMost(1)
		}
		p.add(w.name+"_wal", "  WAL, "+w.what, "bytes for each group", median(w.wal))
		if updated := now.updated - w.was.updated; updated > 0 {
			p.add(w.name+"_hot", "  updates within their page (HOT)", "%", 100*float64(now.hot-w.was.hot)/float64(updated))
		}
	}
	return nil
}

// statsWait bounds the waiting for PostgreSQL's statistics, which a session may keep
// back for ten seconds.
const statsWait = 15 * time.Second

// changes returns what PostgreSQL counts for a table, when it has counted so many
// changes. A session's counts come with its next transaction
// after a second, or with its end.
func (f *foldScene) changes(ctx context.Context, table string, until int64) (c rowChanges, err error) {
	f.folding.svc.Store.Pool().Reset()
	if _, err := f.folding.rival.conn.Exec(ctx, "SELECT pg_stat_force_next_flush()"); err != nil {
		return c, err
	}
	for end := time.Now().Add(statsWait); ; {
		err := f.conn.QueryRow(ctx, "SELECT n_tup_ins, n_tup_upd, n_tup_hot_upd FROM pg_stat_all_tables WHERE relid = $1::regclass", table).Scan(&c.inserted, &c.updated, &c.hot)
		if err != nil {
			return c, fmt.Errorf("the changes of %s: %w", table, err)
		}
		if c.all() >= until || time.Now().After(end) {
			return c, nil
		}
		if err := (&failover{}).wait(ctx, 100*time.Millisecond); err != nil {
			return c, err
		}
	}
}
