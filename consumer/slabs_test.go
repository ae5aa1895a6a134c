package consumer

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// keptHere is how many records the slabs of these tests keep.
const keptHere = 1 << 16

// lend decodes a batch into a slab as kgo does and returns its records as polled.
func lend(s *slabs, n int) []*kgo.Record {
	slab := s.GetRecords(n)[:n]
	records := make([]*kgo.Record, n)
	for i := range slab {
		slab[i] = kgo.Record{Offset: int64(i) + 1, Value: []byte("x")}
		records[i] = &slab[i]
	}
	return records
}

// again reports whether the next slab of a size is the one that begins with r,
// and was cleared.
func again(t *testing.T, s *slabs, r *kgo.Record, n int) bool {
	t.Helper()
	slab := s.GetRecords(n)
	for i := range slab[:cap(slab)] {
		if r := &slab[:cap(slab)][i]; r.Offset != 0 || r.Value != nil {
			t.Fatalf("record %d of a slab that comes again: %v", i, r)
		}
	}
	return &slab[0] == r
}

func TestSlabs(t *testing.T) {
	t.Run("whole batches", func(t *testing.T) {
		s := newSlabs(keptHere)
		a, b := lend(s, 5), lend(s, 1)
		if rest := s.reclaim(partSlab{}, append(append([]*kgo.Record{}, a...), b...)); rest.slab != nil {
			t.Fatalf("rest %v", rest)
		}
		if !again(t, s, a[0], 8) || !again(t, s, b[0], 1) || again(t, s, a[0], 8) {
			t.Fatal("slabs did not come back once each")
		}
	})
	t.Run("over several polls", func(t *testing.T) {
		s := newSlabs(keptHere)
		a := lend(s, 10)
		rest := s.reclaim(partSlab{}, a[:3])
		if again(t, s, a[0], 10) {
			t.Fatal("lent twice")
		}
		rest = s.reclaim(rest, nil)
		rest = s.reclaim(rest, a[3:9])
		b := lend(s, 10)
		rest = s.reclaim(rest, append(a[9:10:10], b...))
		if rest.slab != nil || !again(t, s, b[0], 10) || !again(t, s, a[0], 10) {
			t.Fatal("slabs did not come back")
		}
	})
	t.Run("not all of a batch", func(t *testing.T) {
		s := newSlabs(keptHere)
		first, middle, last, whole := lend(s, 4), lend(s, 4), lend(s, 4), lend(s, 4)
		var polled []*kgo.Record
		polled = append(polled, first[2:]...) // asked for from its third offset on
		polled = append(polled, middle[0], middle[3])
		polled = append(polled, last[:3]...)
		polled = append(polled, whole...)
		if rest := s.reclaim(partSlab{}, polled); rest.slab != nil || !again(t, s, whole[0], 4) {
			t.Fatalf("the whole slab did not come back, rest %v", rest)
		}
		for _, r := range polled[:7] {
			if r.Value == nil {
				t.Fatal("a record of another slab was cleared")
			}
		}
	})
	t.Run("records of nobody", func(t *testing.T) {
		s := newSlabs(keptHere)
		slab := s.GetRecords(6)
		first := &slab[0]
		s.PutRecords(slab[:cap(slab)])
		if !again(t, s, first, 6) {
			t.Fatal("the slab did not come back")
		}
		s.PutRecords(make([]kgo.Record, 8)) // another's
		s.PutRecords(nil)
		if rest := s.reclaim(partSlab{}, []*kgo.Record{{Offset: 7}}); rest.slab != nil || s.held != 0 {
			t.Fatalf("held %d, rest %v", s.held, rest)
		}
	})
	t.Run("lost ones are forgotten", func(t *testing.T) {
		s := newSlabs(keptHere)
		lend(s, 3)
		for range 2 * slabTurn {
			s.turn()
		}
		if len(s.lent)+len(s.older) != 0 {
			t.Fatalf("%d and %d", len(s.lent), len(s.older))
		}
	})
	t.Run("bounded", func(t *testing.T) {
		s := newSlabs(keptHere)
		if huge := s.GetRecords(1<<maxSlabClass + 1); len(s.lent) != 0 || len(huge) != 1<<maxSlabClass+1 {
			t.Fatal("a slab beyond the largest was kept")
		}
		var all [][]*kgo.Record
		for range 5 {
			all = append(all, lend(s, 1<<(maxSlabClass-1)))
		}
		for _, records := range all {
			s.reclaim(partSlab{}, records)
		}
		if s.held != keptHere {
			t.Fatalf("%d records held, want %d", s.held, keptHere)
		}
		if empty := s.GetRecords(0); cap(empty) == 0 {
			t.Fatal("no slab for an empty batch")
		}
	})
}

// TestSlabsAllocateNothing: in the steady state fetching and giving back makes no
// record.
func TestSlabsAllocateNothing(t *testing.T) {
	s := newSlabs(keptHere)
	records := make([]*kgo.Record, 100)
	if n := testing.AllocsPerRun(100, func() {
		slab := s.GetRecords(100)[:100]
		for i := range slab {
			records[i] = &slab[i]
		}
		s.reclaim(partSlab{}, records)
	}); n > 0 {
		t.Errorf("%v allocations for a batch", n)
	}
}
