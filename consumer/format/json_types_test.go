package format_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
)

// shapedTypes are those whose values are more than texts.
var shapedTypes = []datum.Type{
	datum.JSON, datum.JSONB, datum.ArrayOf(datum.Int4), datum.ArrayOf(datum.Text), datum.ArrayOf(datum.Numeric),
	datum.ArrayOf(datum.JSONB), datum.ArrayOf(datum.TimestampTZ), datum.Bytea, datum.UUID, datum.Inet, datum.Time, datum.Bpchar,
}

// FuzzJSONShapes: whatever JSON value comes, what is taken is a value of the type
// that its own output means too, and what is refused is refused with a SQLSTATE.
func FuzzJSONShapes(f *testing.F) {
	for _, v := range populateValues {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		record := append(append([]byte(`{"v":`), value...), '}')
		valid := json.Valid(value)
		for _, typ := range shapedTypes {
			d := format.NewJSON([]format.Field{{Name: "v", Type: typ, Typmod: -1}}, format.Env{Zone: time.UTC})
			var b column.Batch
			d.Begin(&b)
			if err := d.Append(&b, record); err != nil {
				if len(err.Code) != 5 {
					t.Fatalf("%v from %s: %+v", typ, value, err)
				}
				continue
			}
			if !valid || b.Columns[0].IsNull(0) {
				continue // another record than one with this value
			}
			got := b.Columns[0].Value(nil, 0)
			if !datum.ValidValue(got, typ) {
				t.Fatalf("%v from %s: %x", typ, value, got)
			}
			in := datum.Input{Type: typ, Typmod: -1}
			output := datum.AppendOutput(nil, typ, got, nil)
			again, err := in.Append(nil, output)
			if err != nil || string(datum.AppendOutput(nil, typ, again, nil)) != string(output) {
				t.Fatalf("%v from %s: %s is read as %x, %v", typ, value, output, again, err)
			}
		}
	})
}
