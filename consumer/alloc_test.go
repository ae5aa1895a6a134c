//go:build !race

package consumer

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// TestNoAllocationPerRecord: in the steady state nothing is allocated from a
// record's bytes to the accumulators of three views, through batches that fill
// up and one that does not, and each record is decoded once. The race detector
// allocates by itself.
func TestNoAllocationPerRecord(t *testing.T) {
	def := &topology.Stream{
		ID: topology.StreamID(NewID()), Name: "events", TimeZone: "UTC",
		Columns: []topology.StreamColumn{{Name: "k", Type: "text", OID: 25, Typmod: -1}, {Name: "i", Type: "bigint", OID: 20, Typmod: -1}},
	}
	var views []*topology.View
	for _, name := range []string{"a", "b", "c"} {
		views = append(views, &topology.View{ID: topology.ViewID(NewID()), Name: name, Stream: def.ID, Select: testSelect, Analysis: testAnalysis(t), Shards: 4})
	}
	s := newLaneStream(def, views, func(v *topology.View, err error) { t.Fatalf("view %s: %v", v.Name, err) })
	records := make([]*kgo.Record, 2*column.BatchRows+100)
	for i := range records {
		records[i] = &kgo.Record{Value: fmt.Appendf(nil, `{"id": %d, "k": "key-%d \u00e9", "more": [1, {"a": null}], "i": %d}`, i, i%500, i*7)}
	}
	bad := func(r *kgo.Record, _ *laneView, err *datum.Error) { t.Errorf("%s: %v", r.Value, err) }
	runs := 0
	if n := testing.AllocsPerRun(20, func() {
		s.take(records, s.views, bad)
		s.finish(bad)
		runs++
	}); n > 0 {
		t.Errorf("%v allocations for %d records", n, len(records))
	}
	if want := int64(runs * len(records)); s.decoded != want {
		t.Errorf("%d decoded, want %d", s.decoded, want)
	}
	for _, v := range s.views {
		if v.table.Groups() != 500 || v.table.Rows() != int64(runs*len(records)) {
			t.Errorf("view %s: %d groups, %d rows", v.def.Name, v.table.Groups(), v.table.Rows())
		}
	}
}
