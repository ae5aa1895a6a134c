//go:build !race

package format_test

import (
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
)

// TestJSONTypesAllocateNothing: in the steady state.
func TestJSONTypesAllocateNothing(t *testing.T) {
	for _, c := range []struct {
		of    datum.Type
		value string
	}{
		{datum.JSON, `{"b": [1, "x\n", null]}`},
		{datum.JSON, `"é\n"`},
		{datum.JSONB, `{"b": [1.50, "x\n", null], "a": true, "b": {}}`},
		{datum.JSONB, `"\u00e9"`},
		{datum.ArrayOf(datum.Int4), `[[1, 2], [3, null]]`},
		{datum.ArrayOf(datum.Int4), `"[0:1]={1,NULL}"`},
		{datum.ArrayOf(datum.Text), `["a", "b\n", {"c": 1}]`},
		{datum.ArrayOf(datum.JSONB), `["a\n", {"b": 1, "a": 2}]`},
		{datum.Bytea, `"\\xdeadbeef"`},
		{datum.UUID, `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
		{datum.Inet, `"10.1.2.3/8"`},
		{datum.Inet, `"2001:db8::1"`},
		{datum.Time, `"12:34:56.789"`},
		{datum.Bpchar, `"abc"`},
		{datum.Enum, `"ok"`},
	} {
		d := format.NewJSON([]format.Field{{Name: "v", Type: c.of, Typmod: -1, Enum: enumOf(c.of)}}, format.Env{})
		record := []byte(`{"v": ` + c.value + `}`)
		var b column.Batch
		run := func() {
			d.Begin(&b)
			for range 100 {
				if err := d.Append(&b, record); err != nil {
					t.Fatal(err)
				}
			}
		}
		run()
		if n := testing.AllocsPerRun(10, run); n > 0 {
			t.Errorf("%v from %s: %v allocations for 100 records", c.of, c.value, n)
		}
	}
}
