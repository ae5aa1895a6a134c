package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/topology"
)

// foldRows is how many groups the tables hold; foldSizes are how many of them a
// fold takes.
func foldRows(groups int) int { return 10 * groups }

func foldSizes(groups int) []int { return []int{max(1, groups/10), groups, 5 * groups} }

// folds is how often each size is folded in one run.
func folds(size int) int { return min(60, max(3, 60_000/size)) }

// foldResult is one size of fold, as groups per second.
type foldResult struct {
	Groups      int     `json:"groups"`
	Millrace    float64 `json:"groups_per_second"`
	HandWritten float64 `json:"groups_per_second_hand_written"`
	Ratio       float64 `json:"ratio"`
}

// fold measures folds alone, in a child process of its own. Both sides run there
// in turn, fold by fold: what limits them is the database, whose speed changes
// from one second to the next.
func (b *bench) fold(ctx context.Context) ([]foldResult, error) {
	const name = "fold"
	b.topic = b.at.name + ".nothing"
	if _, err := b.at.admin.CreateTopic(ctx, Partitions, b.at.settings.Kafka.ReplicationFactor, nil, b.topic); err != nil {
		return nil, err
	}
	system, err := b.at.openCluster(ctx, b.Settings, name, b.topic, 1)
	if err != nil {
		return nil, err
	}
	defer system.svc.Close()
	q := qa()
	if err := createRival(ctx, b.conn, &q); err != nil {
		return nil, err
	}
	_, t, err := b.child(ctx, nameFold, 1, system.environ(b.Settings)...)
	if err != nil {
		return nil, fmt.Errorf("fold alone: %w", err)
	}
	fmt.Fprintln(b.Progress, "fold alone: done")
	// Both have added the same groups.
	err = compareTables(ctx, b.conn, "SELECT channel, count, sum, low, high FROM view_fold", "SELECT channel, count, sum, low, high FROM "+rivalName)
	return t.Folds, err
}

// folding is the child's state.
type folding struct {
	svc   *service.Service
	view  *topology.View
	topic string // partials
	claim *aggregator.Claim
	table *aggregator.View
	merge *aggregator.Merger
	rows  *format.JSON
	batch column.Batch
	rival *rival
	added *channelGroups // the rival's
	moved int64          // the ledger's position
}

// foldAlone is the child's work.
func foldAlone(ctx context.Context, j *job) (t tally, err error) {
	f, err := openFolding(ctx, j)
	if err != nil {
		return t, err
	}
	defer f.svc.Close()
	defer func() { _ = f.rival.conn.Close(context.WithoutCancel(ctx)) }()
	rng := rand.New(rand.NewPCG(1, 1))
	if _, _, err := f.both(ctx, rng.Perm(foldRows(j.Groups))); err != nil {
		return t, err
	}
	if _, err := f.rival.conn.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		return t, err
	}
	for _, size := range foldSizes(j.Groups) {
		var ours, theirs []time.Duration
		for range j.Runs * folds(size) {
			a, b, err := f.both(ctx, rng.Perm(foldRows(j.Groups))[:size])
			if err != nil {
				return t, err
			}
			ours, theirs = append(ours, a), append(theirs, b)
		}
		var ratios []float64
		for i := range ours {
			ratios = append(ratios, theirs[i].Seconds()/ours[i].Seconds())
		}
		t.Folds = append(t.Folds, foldResult{
			Groups: size, Millrace: float64(size) / median(ours).Seconds(), HandWritten: float64(size) / median(theirs).Seconds(), Ratio: median(ratios),
		})
	}
	return t, nil
}

func openFolding(ctx context.Context, j *job) (*folding, error) {
	svc, err := service.Open(ctx, j.settings, quiet())
	if err != nil {
		return nil, err
	}
	f := &folding{svc: svc}
	if err := f.open(ctx, j); err != nil {
		svc.Close()
		return nil, err
	}
	return f, nil
}

func (f *folding) open(ctx context.Context, j *job) error {
	current, err := f.svc.Catalog.Read(ctx)
	if err != nil {
		return err
	}
	f.view = current.Views()[0]
	stream, _ := current.StreamByID(f.view.Stream)
	plan, err := consumer.BuildPlan(stream, f.view)
	if err != nil {
		return err
	}
	if f.table, err = aggregator.NewView(f.view.ID, plan, 1); err != nil {
		return err
	}
	f.merge, f.topic = aggregator.NewMerger(f.view.ID, f.view.Name, 0, plan), stream.Partials
	var fields []format.Field
	for _, c := range plan.Columns {
		t, _ := datum.TypeOf(stream.Columns[c].OID)
		fields = append(fields, format.Field{Name: stream.Columns[c].Name, Column: c, Type: t, Typmod: -1})
	}
	f.rows = format.NewJSON(fields, format.Env{})
	if f.claim, err = f.svc.Store.Claim(ctx, f.topic, topology.PartitionOf(f.view.ID, 0, f.view.Partitions)); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, j.settings.Database.URL)
	if err != nil {
		return err
	}
	f.added = newChannelGroups()
	f.rival = &rival{conn: conn, groups: f.added}
	return nil
}

// both folds one event of each of the channels in both ways and says how long
// each took. Making the groups does not count.
func (f *folding) both(ctx context.Context, channels []int) (ours, theirs time.Duration, err error) {
	rows, err := f.group(channels)
	if err != nil {
		return 0, 0, err
	}
	fold := &aggregator.Fold{Topic: f.topic, Partition: f.claim.Partition, From: f.claim.Position, To: f.claim.Position + 1, Views: []aggregator.ViewRows{*rows}}
	f.moved++
	for p := range topology.Partition(Partitions) {
		fold.Applied = append(fold.Applied, aggregator.Applied{View: f.view.ID, Range: partial.Range{Partition: p, To: f.moved, MaxTime: 1}, Continues: f.moved - 1})
		f.rival.to[p]++
	}
	start := time.Now()
	if _, err := f.svc.Store.Fold(ctx, f.claim, fold); err != nil {
		return 0, 0, err
	}
	ours = time.Since(start)
	f.claim.Position++
	start = time.Now()
	err = f.rival.write(ctx)
	return ours, time.Since(start), err
}

// group makes the groups of a fold by the path that they take in a node, and
// gives the rival the same.
func (f *folding) group(channels []int) (*aggregator.ViewRows, error) {
	f.rows.Begin(&f.batch)
	var value []byte
	var failed *datum.Error
	flush := func() {
		f.table.Add(&f.batch, column.All(f.batch.Rows), func(_ int32, err *datum.Error) { failed = err })
		f.rows.Begin(&f.batch)
	}
	for i, channel := range channels {
		e := eventAt(int64(i), 1)
		e.channel = channel
		value = e.append(value[:0])
		if err := f.rows.Append(&f.batch, value); err != nil {
			return nil, err
		}
		if format.Full(&f.batch) {
			flush()
		}
		f.added.add([]byte(channelName(channel)), e.price)
	}
	flush()
	if failed != nil {
		return nil, failed
	}
	f.merge.Reset()
	err := f.table.Blocks(partial.FlushID{Seq: 1}, nil, 900_000, func(_ topology.GroupHash, b *partial.Block) error { return f.merge.Merge(b) })
	if err != nil {
		return nil, err
	}
	f.table.Reset()
	return f.merge.Rows()
}

// compareTables returns an error unless two queries give the same rows.
func compareTables(ctx context.Context, conn *pgx.Conn, a, b string) error {
	var n int
	err := conn.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FROM ((%[1]s EXCEPT ALL %[2]s) UNION ALL (%[2]s EXCEPT ALL %[1]s)) AS d", "("+a+")", "("+b+")")).Scan(&n)
	if err != nil {
		return fmt.Errorf("compare the tables: %w", err)
	}
	if n > 0 {
		return fmt.Errorf("%w: the tables differ in %d rows", errWrong, n)
	}
	return nil
}
