package consumer

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// BenchmarkRead is what a lane does for a record: decoding it and folding it into a
// native view, and copying its row for one that PostgreSQL evaluates.
func BenchmarkRead(b *testing.B) {
	def := &topology.Stream{
		ID: topology.StreamID(NewID()), Name: "events", TimeZone: "UTC", Format: "json",
		Columns: []topology.StreamColumn{{Name: "k", Type: "text", OID: 25, Typmod: -1}, {Name: "i", Type: "bigint", OID: 20, Typmod: -1}},
	}
	native := &topology.View{ID: topology.ViewID(NewID()), Name: "native", Stream: def.ID, Select: testSelect, Analysis: testAnalysis(b), Shards: 4}
	remote := &topology.View{ID: topology.ViewID(NewID()), Name: "remote", Stream: def.ID, Select: remoteSelect, Analysis: remoteAnalysis(b), Shards: 4}
	var records []*kgo.Record
	for i := range int64(4096) {
		value := fmt.Appendf(nil, `{"k": "k%d", "i": %d, "url": "https://example.com/a/path/that/is/rather/long?with=a&query=string", "agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0"}`, i%100, i%400)
		records = append(records, &kgo.Record{Partition: 0, Offset: i, Value: value})
	}
	for _, c := range []struct {
		name  string
		views []*topology.View
	}{{"native", []*topology.View{native}}, {"remote", []*topology.View{remote}}, {"both", []*topology.View{native, remote}}} {
		b.Run("views="+c.name, func(b *testing.B) {
			b.ReportAllocs()
			s := newLaneStream(def, c.views, func(v *topology.View, err error) { b.Fatal(err) })
			bad := func(_ *kgo.Record, _ *laneView, err *datum.Error) { b.Fatal(err) }
			for b.Loop() {
				s.take(records, s.views, bad)
				s.finish(bad)
				for _, v := range s.views {
					if v.queue != nil {
						v.queue.taken(len(v.queue.batches), 1<<30)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/record")
		})
	}
}
