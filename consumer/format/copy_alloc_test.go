//go:build !race

package format_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/topology"
)

// TestNothingIsAllocated: in the steady state no format allocates for a record, nor
// do the metadata columns. The race detector allocates by itself.
func TestNothingIsAllocated(t *testing.T) {
	none := "none"
	fields := wanted(t, "k text", "i integer", "at timestamp without time zone", "d text")
	fields[3].Default = &none
	names := []string{"k", "i", "at", "d"}
	for name, c := range map[string]struct {
		decoder format.Decoder
		record  string
	}{
		"csv":    {format.NewCopy(fields, names, 3, csvOptions, format.Env{}), "plain,1,2026-01-02 03:04:05\n\"quoted \"\"one\"\"\n\",2,,x\n"},
		"text":   {format.NewCopy(fields, names, 3, textOptions, format.Env{}), "plain\t1\t2026-01-02 03:04:05\nesc\\taped\\\\ \\x41\t\\N\t\\N\tx\n"},
		"ndjson": {format.NewNDJSON(fields, format.Env{}), "{\"k\": \"a\", \"i\": 1}\n{\"k\": \"b\\n\", \"d\": null}\n"},
		"raw":    {format.NewRaw(fields[:1], format.Env{}), "a line"},
	} {
		var m format.Metadata
		for i, column := range topology.MetadataColumns() {
			of, _ := datum.TypeOf(column.OID)
			m.Want(column.Metadata, of, len(fields)+i)
		}
		r := &kgo.Record{
			Topic: "t", Partition: 1, Offset: 2, Key: []byte("key"), Value: []byte(c.record), Timestamp: time.UnixMilli(1_767_323_045_006),
			Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte("abc")}, {Key: "b", Value: []byte("\xff")}},
		}
		var b column.Batch
		if n := testing.AllocsPerRun(20, func() {
			c.decoder.Begin(&b)
			m.Begin(&b)
			for range 500 {
				first := b.Rows
				if err := c.decoder.Append(&b, r.Value); err != nil {
					t.Fatal(name, err)
				}
				m.Fill(&b, first, r)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations for 500 records", name, n)
		}
	}
}
