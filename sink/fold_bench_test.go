package sink_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// benchGroups is how many groups the tables hold; each fold takes some of them.
const benchGroups = 100_000

// BenchmarkFold folds count, sum, min and max of a text key with random existing
// groups, in turn as the store does and as the best hand-written SQL does: one
// unnest upsert of sorted keys over pgx, the offset in the same transaction,
// without claim, ledger, error column or comparison of keys. "ratio" is the store's
// rate over the rival's.
func BenchmarkFold(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 50_000} {
		b.Run(fmt.Sprintf("groups=%d", n), func(b *testing.B) { benchmarkFold(b, n) })
	}
}

// BenchmarkFoldAlone folds 10,000 groups of the bench's plan and says what processor
// time that takes on this side of the connection, which the database does not slow.
func BenchmarkFoldAlone(b *testing.B) {
	s := openStore(b, newDatabase(b, ""))
	plan := planOf([]datum.Type{datum.Text}, state{"n", datum.Int8, agg.MergeAdd, "0"}, state{"total", datum.Numeric, agg.MergeAdd, ""},
		state{"m", datum.Int8, agg.MergeAdd, "0"}, state{"low", datum.Int8, agg.MergeMin, ""}, state{"high", datum.Int8, agg.MergeMax, ""})
	spec := makeView(b, s, "v", plan)
	c := claim(b, s)
	const n = 10_000
	rows := newBatch(spec, rand.Perm(n)).rows
	count, total := rows.States[0], column.New(datum.Numeric)
	for i := range n {
		total.AppendBytes(datum.AppendDecimal(nil, datum.DecimalFromInt(int64(i)*7919)))
	}
	rows.States = []*column.Vector{count, total, count, count, count}
	foldNext(b, s, c, rows)
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	folds := 0
	b.ReportAllocs()
	for b.Loop() {
		foldNext(b, s, c, rows)
		folds++
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	spent := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(spent)/float64(n*folds), "cpu-ns/group")
}

// BenchmarkFoldTogether folds one group of each of 8 shards of each of 100 views in one
// transaction, where statements cost more than rows.
func BenchmarkFoldTogether(b *testing.B) {
	s := openStore(b, newDatabase(b, ""))
	var specs []schema.ViewSpec
	for i := range 100 {
		specs = append(specs, makeView(b, s, fmt.Sprint("v", i), countAndSum()))
	}
	shares := sharded(b, s, specs, 8, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.FoldTogether(b.Context(), shares); err != nil {
			b.Fatal(err)
		}
		next(shares)
	}
}

// BenchmarkClaim claims 64 partitions, one by one and together.
func BenchmarkClaim(b *testing.B) {
	s := openStore(b, newDatabase(b, ""))
	var parts []topology.TopicPartition
	for p := range topology.Partition(64) {
		parts = append(parts, topology.TopicPartition{Topic: topic, Partition: p})
	}
	b.Run("each", func(b *testing.B) {
		for b.Loop() {
			for _, tp := range parts {
				if _, err := s.Claim(b.Context(), tp.Topic, tp.Partition); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("together", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.ClaimTogether(b.Context(), parts); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchPlan() *query.Plan {
	return planOf([]datum.Type{datum.Text}, state{"n", datum.Int8, agg.MergeAdd, "0"}, state{"total", datum.Int8, agg.MergeAdd, ""},
		state{"low", datum.Float8, agg.MergeMin, ""}, state{"high", datum.Float8, agg.MergeMax, ""})
}

// batch is one fold's groups in both forms.
type batch struct {
	rows      aggregator.ViewRows
	hashes    [][16]byte
	keys      []string
	n, total  []int64
	low, high []float64
}

func newBatch(spec schema.ViewSpec, groups []int) batch {
	slices.Sort(groups)
	x := batch{rows: aggregator.ViewRows{View: spec.ID, Name: spec.Name, Plan: spec.Plan}}
	key, n, total, low, high := column.New(datum.Text), column.New(datum.Int8), column.New(datum.Int8), column.New(datum.Float8), column.New(datum.Float8)
	for _, g := range groups {
		var hash [16]byte
		binary.BigEndian.PutUint64(hash[:], uint64(g)<<40)
		text, f := fmt.Sprintf("channel number %d", g), float64(g)
		x.hashes, x.keys = append(x.hashes, hash), append(x.keys, text)
		x.n, x.total = append(x.n, 1), append(x.total, int64(g))
		x.low, x.high = append(x.low, f), append(x.high, f)
		key.AppendBytes([]byte(text))
		n.AppendInt(1)
		total.AppendInt(int64(g))
		low.AppendFloat(f)
		high.AppendFloat(f)
	}
	x.rows.Hashes, x.rows.Keys, x.rows.States = x.hashes, []*column.Vector{key}, []*column.Vector{n, total, low, high}
	return x
}

func benchmarkFold(b *testing.B, n int) {
	url := newDatabase(b, "")
	s := openStore(b, url)
	spec := makeView(b, s, "v", benchPlan())
	conn := connect(b, url)
	execute(b, conn, `CREATE TABLE rival (hash uuid PRIMARY KEY, k text COLLATE "C", n bigint, total bigint, low float8, high float8) WITH (fillfactor = 80);
		CREATE INDEX ON rival USING hash (k); CREATE TABLE rival_offset AS SELECT 0::bigint AS position`)
	c := claim(b, s)
	all := newBatch(spec, rand.Perm(benchGroups))
	foldNext(b, s, c, all.rows)
	rival(b, conn, all)
	execute(b, conn, "VACUUM ANALYZE v_mrel")
	execute(b, conn, "VACUUM ANALYZE rival")
	var store, hand time.Duration
	folds := 0
	b.ReportAllocs()
	for b.Loop() {
		x := newBatch(spec, rand.Perm(benchGroups)[:n])
		start := time.Now()
		foldNext(b, s, c, x.rows)
		middle := time.Now()
		rival(b, conn, x)
		store, hand, folds = store+middle.Sub(start), hand+time.Since(middle), folds+1
	}
	b.ReportMetric(float64(n*folds)/store.Seconds(), "groups/s")
	b.ReportMetric(float64(n*folds)/hand.Seconds(), "rival-groups/s")
	b.ReportMetric(hand.Seconds()/store.Seconds(), "ratio")
}

func rival(b *testing.B, conn *pgx.Conn, x batch) {
	ctx := context.Background()
	tx, err := conn.Begin(ctx)
	if err != nil {
		b.Fatal(err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO rival AS m SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::float8[], $6::float8[])
		ON CONFLICT (hash) DO UPDATE SET n = m.n + excluded.n, total = m.total + excluded.total,
		low = LEAST(m.low, excluded.low), high = GREATEST(m.high, excluded.high)`, x.hashes, x.keys, x.n, x.total, x.low, x.high)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := tx.Exec(ctx, "UPDATE rival_offset SET position = position + 1"); err != nil {
		b.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		b.Fatal(err)
	}
}
