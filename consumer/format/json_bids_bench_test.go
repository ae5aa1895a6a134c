package format_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/consumer/format"
)

// bids are records as `millrace bench` makes them, ten fields of about 242 bytes:
// so many that no branch predictor learns them by heart.
var bids = sync.OnceValue(func() []string {
	random := rand.New(rand.NewPCG(1, 2))
	records := make([]string, 16<<10)
	for i := range records {
		records[i] = fmt.Sprintf(`{"auction":%d,"bidder":%d,"price":%d,"channel":"channel-%d","url":"https://www.example.com/item.htm?channel_id=%d",`+
			`"dateTime":"2026-01-01 %02d:%02d:%02d.%03d","currency":"%s","attempt":%d,"mobile":%t,"extra":"%016x"}`,
			1000+random.IntN(900_000), 1000+random.IntN(900_000), 1+random.IntN(10_000_000), random.IntN(10_000), random.IntN(1<<24),
			i/3_600_000%24, i/60_000%60, i/1000%60, i%1000, []string{"EUR", "USD", "GBP", "JPY"}[random.IntN(4)], random.IntN(5), random.IntN(2) == 1, random.Uint64())
	}
	return records
})

// BenchmarkJSONBids decodes some of ten fields, of records written in several ways.
func BenchmarkJSONBids(b *testing.B) {
	queries := map[string][]string{
		"group": {"price bigint", "channel text"},
		"q17":   {"auction bigint", "price bigint", "dateTime timestamp without time zone"},
	}
	rewrite := func(old, with string) func(string) string {
		return func(s string) string { return strings.ReplaceAll(s, old, with) }
	}
	for _, c := range []struct {
		name, query string
		write       func(string) string
	}{
		{"fields=2", "group", nil},
		{"fields=3", "q17", nil},
		{"spaces", "group", func(s string) string { return strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(s) }},
		{"lines", "group", func(s string) string {
			return strings.NewReplacer(`":`, `": `, `,"`, ",\n  \"", "{", "{\n  ", "}", "\n}\n").Replace(s)
		}},
		{"escapes", "group", func(s string) string {
			return strings.NewReplacer(`/`, `\/`, `channel-`, `cha\u00f1\u00f1el-`).Replace(s)
		}},
		{"utf8", "group", rewrite("channel-", "kanał-")},
		{"nested", "group", rewrite(`"bidder":`, `"tags":["new","used",{"n":[1,2,null]}],"place":{"lat":12.5,"lon":-0.25,"name":"x"},"bidder":`)},
		{"optional", "group", nil},
	} {
		values := sync.OnceValue(func() [][]byte {
			records := bids()
			values := make([][]byte, len(records))
			random := rand.New(rand.NewPCG(3, 4))
			for i, r := range records {
				if c.write != nil {
					r = c.write(r)
				}
				if c.name == "optional" && random.IntN(2) == 0 {
					r = strings.Replace(r, `"attempt":`, `"more":1.5,"attempt":`, 1)
				}
				values[i] = []byte(r)
			}
			return values
		})
		b.Run(c.name, func(b *testing.B) {
			values := values()
			d := format.NewJSON(wanted(b, queries[c.query]...), format.Env{})
			var batch column.Batch
			d.Begin(&batch)
			b.ReportAllocs()
			b.SetBytes(int64(len(values[0])))
			i := 0
			for b.Loop() {
				if format.Full(&batch) {
					d.Begin(&batch)
				}
				if err := d.Append(&batch, values[i&(len(values)-1)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
