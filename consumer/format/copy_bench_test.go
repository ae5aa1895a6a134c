package format_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/consumer/format"
)

// BenchmarkCopy decodes lines of ten columns, of which four are wanted, one a record
// and a hundred; encoding/csv only cuts them.
func BenchmarkCopy(b *testing.B) {
	const line = "2001-01-02 03:04:05,1024,18,2475,JFK,LAX,\"a, quoted\",true,plain text,0.25"
	names := strings.Fields("date flight delay distance origin destination remark diverted note share")
	fields := wanted(b, "origin text", "delay integer", "distance integer", "date timestamp without time zone")
	for _, c := range []struct {
		name  string
		lines int
	}{{"lines=1", 1}, {"lines=100", 100}} {
		record := []byte(strings.Repeat(line+"\n", c.lines))
		b.Run("decoder=millrace/"+c.name, func(b *testing.B) {
			d := format.NewCopy(fields, names, len(names), csvOptions, format.Env{})
			var batch column.Batch
			d.Begin(&batch)
			b.SetBytes(int64(len(record)))
			b.ReportAllocs()
			for b.Loop() {
				if batch.Rows+c.lines > column.BatchRows {
					d.Begin(&batch)
				}
				if err := d.Append(&batch, record); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("decoder=encoding-csv/"+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(record)))
			b.ReportAllocs()
			for b.Loop() {
				r := csv.NewReader(bytes.NewReader(record))
				r.ReuseRecord = true
				for range c.lines {
					if _, err := r.Read(); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
