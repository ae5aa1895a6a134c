package consumer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// TestBatchSpansPartitions: records that the same views read make one batch,
// whichever partition they are from; other views begin another. Each refused
// record is reported as what it is.
func TestBatchSpansPartitions(t *testing.T) {
	def := &topology.Stream{
		ID: topology.StreamID(NewID()), Name: "events", TimeZone: "UTC",
		Columns: []topology.StreamColumn{{Name: "k", Type: "text", OID: 25, Typmod: -1}, {Name: "i", Type: "bigint", OID: 20, Typmod: -1}},
	}
	var views []*topology.View
	for _, name := range []string{"a", "b"} {
		views = append(views, &topology.View{ID: topology.ViewID(NewID()), Name: name, Stream: def.ID, Select: testSelect, Analysis: testAnalysis(t), Shards: 4})
	}
	s := newLaneStream(def, views, func(v *topology.View, err error) { t.Fatalf("view %s: %v", v.Name, err) })
	records := func(partition int32) []*kgo.Record {
		var all []*kgo.Record
		for i := range int64(10) {
			all = append(all, &kgo.Record{Partition: partition, Offset: i, Value: fmt.Appendf(nil, `{"k": "k%d", "i": %d}`, i, i)})
		}
		all[5].Value = []byte("no JSON")
		return all
	}
	refused := 0
	bad := func(r *kgo.Record, v *laneView, _ *datum.Error) {
		if refused++; r.Offset != 5 || string(r.Value) != "no JSON" || v != nil {
			t.Errorf("refused %d of partition %d for %v", r.Offset, r.Partition, v)
		}
	}
	decoded := func(want int64) {
		t.Helper()
		if s.decoded != want {
			t.Errorf("%d decoded, want %d", s.decoded, want)
		}
	}
	s.take(records(0), s.views, bad)
	s.take(records(1), s.views, bad)
	decoded(0)
	s.take(records(2), s.views[:1], bad)
	decoded(18)
	s.finish(bad)
	decoded(27)
	s.finish(bad)
	decoded(27)
	s.take(records(3), s.views[1:], bad)
	s.finish(bad)
	decoded(36)
	if a, b := s.views[0].table.Rows(), s.views[1].table.Rows(); a != 27 || b != 27 || refused != 4 {
		t.Errorf("%d and %d rows, %d refused", a, b, refused)
	}
}

// TestRecordsOfSeveralRows: a record of lines is taken as a whole or not at all, by
// each view, and refused once. One that has no room behind others begins a batch.
func TestRecordsOfSeveralRows(t *testing.T) {
	def := &topology.Stream{
		ID: topology.StreamID(NewID()), Name: "events", TimeZone: "UTC", Format: "csv",
		Columns: []topology.StreamColumn{{Name: "k", Type: "text", OID: 25, Typmod: -1}, {Name: "i", Type: "bigint", OID: 20, Typmod: -1}},
	}
	view := &topology.View{ID: topology.ViewID(NewID()), Name: "a", Stream: def.ID, Select: testSelect, Analysis: testAnalysis(t), Shards: 4}
	s := newLaneStream(def, []*topology.View{view}, func(v *topology.View, err error) { t.Fatalf("view %s: %v", v.Name, err) })
	lines := func(n int) string { return strings.Repeat("key,1\n", n) }
	long := strings.Repeat("x", blockLimit) + ",1\n" // no group of that key fits into a block
	values := []string{
		lines(3),
		lines(1) + "key,x\n",
		lines(2) + long + lines(2) + long,
		"",
		long,
		lines(column.BatchRows - 1),
		lines(column.BatchRows + 10),
		lines(column.MaxRows + 1),
		lines(5),
	}
	var records []*kgo.Record
	for i, v := range values {
		records = append(records, &kgo.Record{Offset: int64(i), Value: []byte(v)})
	}
	var refused []string
	bad := func(r *kgo.Record, v *laneView, err *datum.Error) {
		stage := "decode"
		if v != nil {
			stage = "evaluate"
		}
		refused = append(refused, fmt.Sprint(r.Offset, " ", stage, " ", err.Code))
	}
	for range 2 {
		refused = nil
		s.views[0].table.Reset()
		s.take(records, s.views, bad)
		s.finish(bad)
		if rows, want := s.views[0].table.Rows(), int64(3+column.BatchRows-1+column.BatchRows+10+5); rows != want {
			t.Errorf("%d rows, want %d", rows, want)
		}
		slices.Sort(refused)
		if got, want := strings.Join(refused, ", "), "1 decode 22P02, 2 evaluate 54000, 4 evaluate 54000, 7 decode 54000"; got != want {
			t.Errorf("refused: %s, want %s", got, want)
		}
	}
}
