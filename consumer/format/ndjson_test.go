package format_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/consumer/format"
)

// FuzzNDJSON holds records of lines against the JSON decoder, line by line: all of
// them or none, whatever stood in the batch before.
func FuzzNDJSON(f *testing.F) {
	for _, seed := range []string{"{\"a\": 1}\n{\"b\": \"x\"}", "{}\r\n\r\n{\"a\": null}\n", "{\"a\": 1}\n{\"a\": \"x\"}", "", "\n", "{\n}", "{\"b\": \"\\ud83d\\ude00\", \"a\": 12}\nnull"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		fields := wanted(t, "a integer", "b text")
		fields[1].Default = new(string)
		var want []string
		single := format.NewJSON(fields, format.Env{})
		failed := false
		for _, line := range bytes.Split(record, []byte("\n")) {
			if len(bytes.Trim(line, " \t\r")) == 0 {
				continue
			}
			var b column.Batch
			single.Begin(&b)
			if err := single.Append(&b, line); err != nil {
				failed = true
				break
			}
			want = append(want, showRow(&b, 0))
		}
		d := format.NewNDJSON(fields, format.Env{})
		var b column.Batch
		d.Begin(&b)
		for range 2 {
			if err := d.Append(&b, []byte(`{"a": 7, "b": "before"}`)); err != nil {
				t.Fatal(err)
			}
			start := b.Rows
			err := d.Append(&b, record)
			if failed != (err != nil) || failed && b.Rows != start {
				t.Fatalf("%q: %v, %d rows of it", record, err, b.Rows-start)
			}
			var got []string
			for row := start; row < b.Rows; row++ {
				got = append(got, showRow(&b, row))
			}
			if !failed && strings.Join(got, ";") != strings.Join(want, ";") {
				t.Fatalf("%q: %v, want %v", record, got, want)
			}
			if showRow(&b, start-1) != "7|before" {
				t.Fatalf("%q: the row before is %s", record, showRow(&b, start-1))
			}
		}
	})
}
