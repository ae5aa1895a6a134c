package consumer

import (
	"math/rand/v2"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// TestFoldBetweenOpenFlushes has lanes whose flushes overlap all the time, so
// that there is no place where none is open. They are folded nevertheless, and an
// owner that begins again at the stored position takes each range once.
func TestFoldBetweenOpenFlushes(t *testing.T) {
	const lanes, flushes = 4, 200
	seed := seedOf()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 9))
	f, _, v := loneFolder(t)
	store := f.node.store.(*memStore)
	tp := topology.TopicPartition{Topic: "partials", Partition: 0}
	log := overlapping(rng, emptyBlock(t, f, v), lanes, flushes)
	folds, atEnd := 0, 0
	for next := int64(0); next < int64(len(log)); {
		claim, err := store.Claim(t.Context(), tp.Topic, tp.Partition)
		if err != nil {
			t.Fatal(err)
		}
		p := newOwnedPartition(tp, claim)
		f.parts[tp] = p
		for next = claim.Position; next < int64(len(log)) && rng.IntN(60) != 0; next++ { // then it begins again
			f.takeBlock(p, log[next])
			if rng.IntN(5) == 0 && !p.since.IsZero() {
				folds++
				if len(p.open) == 0 {
					atEnd++
				}
				f.fold(t.Context(), p)
			}
		}
		if next == int64(len(log)) {
			f.fold(t.Context(), p)
		}
	}
	for lane := range int32(lanes) {
		if to := store.foldedTo(v, lane); to != 10*flushes {
			t.Errorf("partition %d is folded to %d of %d", lane, to, 10*flushes)
		}
	}
	for _, fault := range store.faults {
		t.Error(fault)
	}
	if fault := f.parts[tp].shards[shardKey{v.ID, 0}].fault; fault != nil {
		t.Error(fault)
	}
	if again := testutil.ToFloat64(f.node.metrics.duplicates); again == 0 || atEnd*2 > folds {
		t.Errorf("of %d folds %d had no flush open, %v flushes came again: the test tests nothing", folds, atEnd, again)
	}
}

// overlapping makes a partition's records: each lane's flushes in order, of one
// to four parts, those of all lanes mixed.
func overlapping(rng *rand.Rand, block partial.Block, lanes, flushes int) []*kgo.Record {
	parts := make([][]partial.Block, lanes)
	for lane := range parts {
		for n := range flushes {
			count := 1 + rng.IntN(4)
			for part := range count {
				b := block
				b.Flush, b.Part, b.Parts = partial.FlushID{Lane: topology.ID{byte(lane)}, Seq: uint64(n)}, uint16(part), uint16(count)
				b.Ranges = []partial.Range{{Partition: int32(lane), From: int64(10 * n), To: int64(10*n + 10)}}
				parts[lane] = append(parts[lane], b)
			}
		}
	}
	var log []*kgo.Record
	for left := lanes; left > 0; {
		lane := rng.IntN(lanes)
		if len(parts[lane]) == 0 {
			continue
		}
		log = append(log, &kgo.Record{Offset: int64(len(log)), Value: partial.Append(nil, &parts[lane][0])})
		if parts[lane] = parts[lane][1:]; len(parts[lane]) == 0 {
			left--
		}
	}
	return log
}

// emptyBlock returns a block of the view without groups.
func emptyBlock(t *testing.T, f *folder, v *topology.View) (block partial.Block) {
	t.Helper()
	def, stream := f.find(v.ID)
	plan, err := BuildPlan(stream, def)
	if err != nil {
		t.Fatal(err)
	}
	table, err := aggregator.NewView(v.ID, plan, 1)
	if err != nil {
		t.Fatal(err)
	}
	err = table.Blocks(partial.FlushID{}, nil, blockLimit, func(_ topology.GroupHash, b *partial.Block) error {
		block = *b
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return block
}
