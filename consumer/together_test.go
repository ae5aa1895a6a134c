package consumer

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// TestFoldedTogether: partitions are folded in one transaction; where one has lost
// its claim the others are folded nevertheless.
func TestFoldedTogether(t *testing.T) {
	f, _, v := loneFolder(t)
	var err error
	if f.reader, err = kgo.NewClient(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.reader.Close)
	f.node.members = &membership{client: f.reader}
	store, block := f.node.store.(*memStore), emptyBlock(t, f, v)
	clear(f.parts)
	var parts []*ownedPartition
	for i := range topology.Partition(3) {
		tp := topology.TopicPartition{Topic: "partials", Partition: i}
		claim, err := store.Claim(t.Context(), tp.Topic, i)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, newOwnedPartition(tp, claim))
		f.parts[tp] = parts[i]
	}
	flush := func(n int64) {
		for _, p := range parts {
			b := block
			b.Flush, b.Parts, b.Ranges = partial.FlushID{Seq: uint64(n)}, 1, []partial.Range{{From: 10 * n, To: 10*n + 10}}
			f.takeBlock(p, &kgo.Record{Offset: n, Value: partial.Append(nil, &b)})
		}
	}
	positions := func(want ...int64) {
		t.Helper()
		for i, p := range parts {
			if at := store.partitions[p.tp].position; at != want[i] {
				t.Errorf("partition %d is at %d, want %d", i, at, want[i])
			}
		}
	}
	flush(0)
	f.foldTogether(f.collected())
	positions(1, 1, 1)
	if store.folds != 1 || len(f.collected()) != 0 {
		t.Fatalf("%d folds, %d partitions are left", store.folds, len(f.collected()))
	}
	if _, err := store.Claim(t.Context(), "partials", 1); err != nil { // somebody else's
		t.Fatal(err)
	}
	flush(1)
	f.foldTogether(f.collected())
	positions(2, 1, 2)
	if len(f.parts) != 2 || f.parts[parts[1].tp] != nil {
		t.Errorf("%d partitions are held", len(f.parts))
	}
	for _, fault := range store.faults {
		t.Error(fault)
	}
}

// TestPartsCount: parts that wait for the rest of their flush count against the
// folder's budget until they are merged or forgotten.
func TestPartsCount(t *testing.T) {
	f, p, v := loneFolder(t)
	block := emptyBlock(t, f, v)
	block.Parts, block.Ranges = 3, []partial.Range{{To: 10}}
	part := func(n uint16, offset int64) *kgo.Record {
		block.Part = n
		return &kgo.Record{Offset: offset, Value: partial.Append(nil, &block)}
	}
	first := part(0, 0)
	f.takeBlock(p, first)
	f.takeBlock(p, part(1, 1))
	if want := 2 * int64(len(first.Value)); p.held != want {
		t.Errorf("two parts take %d bytes, counted are %d", want, p.held)
	}
	f.node.memory.merged = 1
	if f.over() {
		t.Error("to be folded are parts alone, of which no fold frees any")
	}
	p.used = 1
	if !f.over() {
		t.Error("parts do not count")
	}
	p.used = 0
	f.takeBlock(p, part(2, 2))
	if p.held != 0 || len(p.moved) != 1 {
		t.Errorf("with the last part %d bytes are held, %d shards moved", p.held, len(p.moved))
	}
	block.Flush.Seq, block.Ranges = 1, []partial.Range{{From: 10, To: 20}}
	f.takeBlock(p, part(0, 3))
	p.fail(shardKey{v.ID, 0}, errMemStore)
	if p.held != 0 || p.used != 0 {
		t.Errorf("of a shard that failed %d and %d bytes are left", p.held, p.used)
	}
}
