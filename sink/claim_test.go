package sink_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

func TestClaimOfZombie(t *testing.T) {
	url := newDatabase(t, "")
	old, young := openStore(t, url), openStore(t, url)
	spec := makeView(t, old, "v", countAndSum())
	first := claim(t, old)
	if first.Term != 1 || first.Position != 0 || first.Ledger != nil || first.Owner.IsZero() {
		t.Fatalf("first claim: %+v", first)
	}
	foldNext(t, old, first, rowsOf(spec, group{key: "a", n: 1, total: 10}))

	second := claim(t, young)
	if second.Term != 2 || second.Position != 1 || second.Owner == first.Owner {
		t.Fatalf("second claim: %+v", second)
	}
	if _, err := tryFold(t, old, first, rowsOf(spec, group{key: "a", n: 1, total: 10})); !errors.Is(err, aggregator.ErrClaimLost) || sink.Retryable(err) {
		t.Fatalf("a zombie's fold: %v", err)
	}
	foldNext(t, young, second, rowsOf(spec, group{key: "a", n: 2, total: 5}))
	equal(t, text(t, connect(t, url), "SELECT * FROM v"), "a|3|15")
}

func TestFoldAtAnotherPosition(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	c := claim(t, s)
	foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: 1}))
	c.Position = 0 // the fold is tried again although it happened
	if _, err := tryFold(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: 1})); !errors.Is(err, aggregator.ErrClaimLost) {
		t.Fatalf("got %v", err)
	}
	equal(t, text(t, connect(t, url), "SELECT * FROM v"), "a|1|1")
}

// TestTakeoverOfPausedFold stops an owner in the middle of its transaction.
func TestTakeoverOfPausedFold(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	claim(t, s)
	paused := connect(t, withParam(t, url, "application_name", "millrace of another node"))
	execute(t, paused, "BEGIN")
	execute(t, paused, "UPDATE millrace.partitions SET position = 77")

	if c := claim(t, s); c.Position != 0 || c.Term != 2 {
		t.Fatalf("claim: %+v", c)
	}
	if _, err := paused.Exec(context.Background(), "COMMIT"); err == nil {
		t.Fatal("the paused owner could still commit")
	}
}

// TestClaimSparesPeople leaves a session that is not Millrace's alone.
func TestClaimSparesPeople(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	claim(t, s)
	person := connect(t, withParam(t, url, "application_name", "psql"))
	execute(t, person, "BEGIN")
	execute(t, person, "UPDATE millrace.partitions SET position = 77")
	_, err := s.Claim(t.Context(), topic, 0)
	if err == nil || !strings.Contains(err.Error(), `application_name "psql"`) {
		t.Fatalf("got %v", err)
	}
	execute(t, person, "ROLLBACK")
	claim(t, s)
}

func TestRelease(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	c := claim(t, s)
	if err := s.Release(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := tryFold(t, s, c); !errors.Is(err, aggregator.ErrClaimLost) {
		t.Fatalf("fold after release: %v", err)
	}
	all, err := s.Partitions(t.Context())
	if err != nil || len(all) != 1 || !all[0].Owner.IsZero() || all[0].Topic != topic || !all[0].FoldedAt.IsZero() {
		t.Fatalf("partitions: %+v, %v", all, err)
	}
	next := claim(t, s)
	if err := s.Release(t.Context(), c); err != nil { // of the claim that is no more
		t.Fatal(err)
	}
	foldNext(t, s, next)
	if all, err = s.Partitions(t.Context()); err != nil || all[0].Owner != next.Owner || all[0].Position != 1 || all[0].FoldedAt.IsZero() {
		t.Fatalf("partitions: %+v, %v", all, err)
	}
}

func TestLedger(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	c := claim(t, s)
	input := topology.TopicID{9}
	entry := func(shard topology.ShardID, from, to, newest int64) aggregator.Applied {
		return aggregator.Applied{View: spec.ID, Shard: shard, Range: partial.Range{Topic: input, Partition: 3, From: from, To: to, MaxTime: newest}}
	}
	on := func(a aggregator.Applied, continues int64) aggregator.Applied {
		a.Continues = continues
		return a
	}
	apply := func(applied ...aggregator.Applied) error {
		_, err := s.Fold(t.Context(), c, &aggregator.Fold{Topic: topic, From: c.Position, To: c.Position + 1, Applied: applied})
		if err == nil {
			c.Position++
		}
		return err
	}
	must(t, apply(on(entry(0, 100, 110, 5), 100), on(entry(1, 100, 105, 7), 100)))
	must(t, apply(on(entry(0, 100, 120, 0), 110))) // no record in the new range: MaxTime stays
	want := []aggregator.Applied{entry(0, 100, 120, 5), entry(1, 100, 105, 7)}
	if c = claim(t, s); !slices.Equal(c.Ledger, want) {
		t.Fatalf("claim's ledger: %+v", c.Ledger)
	}
	for name, wrong := range map[string]aggregator.Applied{
		"back":            on(entry(0, 100, 119, 5), 120),
		"other beginning": on(entry(0, 90, 130, 5), 120),
		"the same again":  on(entry(0, 100, 120, 0), 110), // what a zombie's fold would be
		"overlap":         on(entry(0, 100, 130, 0), 110),
		"gap":             on(entry(0, 100, 130, 0), 121),
		"taken for new":   on(entry(0, 100, 130, 0), 100),
		"row gone":        on(entry(2, 100, 130, 0), 110),
	} {
		if err := apply(on(entry(1, 100, 200, 0), 105), wrong); !errors.Is(err, aggregator.ErrLedger) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	must(t, apply(on(entry(0, 100, 120, 0), 120))) // nothing new in that partition
	all, err := s.Ledger(t.Context())
	if err != nil || len(all) != 2 || all[1].Applied != want[1] || all[1].Topic != topic {
		t.Fatalf("ledger: %+v, %v", all, err)
	}
	// Ranges of a view that is dropped are refused and name it.
	if err := s.DropView(t.Context(), spec.ID, false); err != nil {
		t.Fatal(err)
	}
	var faulty *sink.ViewError
	if err := apply(on(entry(0, 100, 130, 5), 120)); !errors.As(err, &faulty) || faulty.View != spec.ID {
		t.Fatalf("ledger of a dropped view: %v", err)
	}
	if all, err = s.Ledger(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("ledger after drop: %+v, %v", all, err)
	}
}

// TestClaimTogether claims several partitions at once: each has its own owner, position
// and ledger, and one that is held leaves all of them as they were.
func TestClaimTogether(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	shares := sharded(t, s, []schema.ViewSpec{spec}, 3, 2)
	if _, err := s.FoldTogether(t.Context(), shares); err != nil {
		t.Fatal(err)
	}
	parts := []topology.TopicPartition{{Topic: topic, Partition: 2}, {Topic: topic, Partition: 7}, {Topic: topic, Partition: 0}, {Topic: topic, Partition: 1}}
	together := func() []*aggregator.Claim {
		t.Helper()
		claims, err := s.ClaimTogether(t.Context(), parts)
		if err != nil || len(claims) != len(parts) {
			t.Fatalf("%d claims, %v", len(claims), err)
		}
		return claims
	}
	owners := map[topology.ID]bool{}
	for i, c := range together() {
		owners[c.Owner] = true
		if i == 3 {
			if c.Partition != 7 || c.Term != 1 || c.Position != 0 || len(c.Ledger) != 0 {
				t.Errorf("of a partition that nobody had: %+v", c)
			}
			continue
		}
		f := shares[i].Fold
		if int(c.Partition) != i || c.Term != 2 || c.Position != f.To || len(c.Ledger) != 1 || c.Ledger[0].View != spec.ID || c.Ledger[0].Shard != f.Applied[0].Shard {
			t.Errorf("claim %+v of what fold %+v left", c, f)
		}
	}
	if len(owners) != len(parts) {
		t.Errorf("%d owners of %d partitions", len(owners), len(parts))
	}
	next(shares)
	if _, err := s.FoldTogether(t.Context(), shares); !errors.Is(err, aggregator.ErrClaimLost) {
		t.Errorf("fold of the former owner: %v", err)
	}
	claims := together()
	for i := range shares {
		shares[i].Claim = claims[i]
	}
	if _, err := s.FoldTogether(t.Context(), shares); err != nil {
		t.Error(err)
	}

	person, observer := connect(t, url), connect(t, url)
	execute(t, person, "BEGIN; SELECT FROM millrace.partitions WHERE partition = 1 FOR UPDATE")
	if _, err := s.ClaimTogether(t.Context(), parts); err == nil {
		t.Error("a partition was claimed whose row is held")
	}
	execute(t, person, "COMMIT")
	equal(t, text(t, observer, "SELECT partition, term FROM millrace.partitions ORDER BY 1"), "0|3", "1|3", "2|3", "7|2")
}
