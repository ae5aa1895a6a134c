package format_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/topology"
)

// TestMetadata: every row of a record has the record's metadata, and a number.
func TestMetadata(t *testing.T) {
	var m format.Metadata
	columns := topology.MetadataColumns()
	for i, c := range columns {
		of, ok := datum.TypeOf(c.OID)
		if !ok || of.String() != c.Type {
			t.Fatalf("%s is %v, not %s", c.Name, of, c.Type)
		}
		m.Want(c.Metadata, of, i)
		if m.Place(c.Metadata) != i {
			t.Fatalf("%s is at %d", c.Name, m.Place(c.Metadata))
		}
	}
	var b column.Batch
	for range 2 { // the second time over the memory of the first
		m.Begin(&b)
		b.Rows = 2
		m.Fill(&b, 0, &kgo.Record{
			Topic: "clicks", Partition: 3, Offset: 12, Key: []byte("k\xff"), Timestamp: time.UnixMilli(1_767_323_045_006),
			Headers: []kgo.RecordHeader{{Key: "bb", Value: []byte("1")}, {Key: "c", Value: []byte("old")}, {Key: "a"}, {Key: "c", Value: []byte("new")}},
		})
		m.Fill(&b, 2, &kgo.Record{Topic: "clicks", Offset: 13, Timestamp: time.UnixMilli(-1)}) // no rows
		b.Rows = 3
		m.Fill(&b, 2, &kgo.Record{Topic: "clicks", Offset: 14, Key: []byte{}, Timestamp: time.UnixMilli(-1)})
		many := column.BatchRows + 10
		b.Rows = many
		m.Fill(&b, 3, &kgo.Record{Topic: "clicks", Offset: 15})
		for row, want := range map[int]string{
			0:        `clicks|3|12|1|k` + "\xff" + `|{"a": null, "c": "new", "bb": "1"}|2026-01-02 03:04:05.006+00`,
			1:        `clicks|3|12|2|k` + "\xff" + `|{"a": null, "c": "new", "bb": "1"}|2026-01-02 03:04:05.006+00`,
			2:        `clicks|0|14|1||{}|NULL`,
			many - 1: fmt.Sprintf(`clicks|0|15|%d|NULL|{}|NULL`, many-3),
		} {
			var got []string
			for i := range columns {
				v := b.Columns[i]
				if v.Type.Physical() == datum.PhysBytes && !v.IsNull(row) {
					got = append(got, string(v.Bytes(row)))
				} else {
					got = append(got, show(v, row))
				}
			}
			if strings.Join(got, "|") != want {
				t.Errorf("row %d: %s, want %s", row, strings.Join(got, "|"), want)
			}
		}
	}
}

// TestHeaders: headers look as PostgreSQL prints jsonb, whatever bytes they have.
func TestHeaders(t *testing.T) {
	var m format.Metadata
	m.Want(topology.MetadataHeaders, datum.JSONB, 0)
	var b column.Batch
	for _, c := range []struct{ key, value, want string }{
		{"trace", "a\"b\\c/d", `{"trace": "a\"b\\c/d"}`},
		{"", "", `{"": ""}`},
		{"é", "\u2028 \x7f", "{\"é\": \"\u2028 \x7f\"}"},
		{"controls", "\b\f\n\r\t\x01\x1f", `{"controls": "\b\f\n\r\t\u0001\u001f"}`},
		{"binary", "\xff\x00\x1a", `{"binary": "\\xff001a"}`},
		{"nul\x00", "a\x00", `{"\\x6e756c00": "\\x6100"}`},
	} {
		m.Begin(&b)
		b.Rows = 1
		m.Fill(&b, 0, &kgo.Record{Headers: []kgo.RecordHeader{{Key: c.key, Value: []byte(c.value)}}})
		got := string(b.Columns[0].Bytes(0))
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.key, got, c.want)
		}
	}
}
