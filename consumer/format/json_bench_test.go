package format_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/buger/jsonparser"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
)

// benchRecords are flat objects of about 250 bytes with ten fields.
func benchRecords() [][]byte {
	records := make([][]byte, 512)
	for i := range records {
		records[i] = fmt.Appendf(nil, `{"id":%d,"ts":"2001-01-%02d %02d:%02d:00","user_id":%d,"country":"%s","page":"/products/item-%d",`+
			`"referrer":"https://www.example.com/search?q=%d","status":%d,"bytes":%d,"latency_ms":%d.%02d,"session":"f3a9c%07d-b1"}`,
			9_000_000+i, 1+i%28, i%24, i%60, 10_000+i*7919%10_000, []string{"DE", "US", "FR", "JP"}[i%4], i*31%5000,
			i*7, 200+i%4*100, i*7919%100_000, i%900, i%100, i*104_729)
	}
	return records
}

// benchEvent is what the rivals decode: the four wanted fields.
type benchEvent struct {
	User    int64   `json:"user_id"`
	Country string  `json:"country"`
	Bytes   int64   `json:"bytes"`
	Latency float64 `json:"latency_ms"`
}

// BenchmarkJSON decodes four of ten fields, in the records' order.
func BenchmarkJSON(b *testing.B) {
	records := benchRecords()
	size := 0
	for _, r := range records {
		size += len(r)
	}
	run := func(name string, decode func(i int)) {
		b.Run("decoder="+name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size / len(records)))
			i := 0
			for b.Loop() {
				decode(i & 511)
				i++
			}
		})
	}
	d := format.NewJSON([]format.Field{
		{Name: "user_id", Column: 0, Type: datum.Int8, Typmod: -1},
		{Name: "country", Column: 1, Type: datum.Text, Typmod: -1},
		{Name: "bytes", Column: 2, Type: datum.Int8, Typmod: -1},
		{Name: "latency_ms", Column: 3, Type: datum.Float8, Typmod: -1},
	}, format.Env{})
	var batch column.Batch
	d.Begin(&batch)
	run("millrace", func(i int) {
		if format.Full(&batch) {
			d.Begin(&batch)
		}
		if err := d.Append(&batch, records[i]); err != nil {
			b.Fatal(err)
		}
	})
	var event benchEvent
	run("jsonparser", func(i int) {
		err := jsonparser.ObjectEach(records[i], func(key, value []byte, _ jsonparser.ValueType, _ int) error {
			var err error
			switch string(key) {
			case "user_id":
				event.User, err = jsonparser.ParseInt(value)
			case "country":
				event.Country = string(value)
			case "bytes":
				event.Bytes, err = jsonparser.ParseInt(value)
			case "latency_ms":
				event.Latency, err = strconv.ParseFloat(string(value), 64)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	})
	run("encoding-json", func(i int) {
		if err := json.Unmarshal(records[i], &event); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkJSONFlights decodes every field of short records.
func BenchmarkJSONFlights(b *testing.B) {
	text, err := os.ReadFile("testdata/flights.ndjson")
	if err != nil {
		b.Fatal(err)
	}
	records := bytes.SplitAfter(bytes.TrimSpace(text), []byte("\n"))
	d := format.NewJSON([]format.Field{
		{Name: "date", Column: 0, Type: datum.Timestamp, Typmod: -1},
		{Name: "delay", Column: 1, Type: datum.Int4, Typmod: -1},
		{Name: "distance", Column: 2, Type: datum.Int4, Typmod: -1},
		{Name: "origin", Column: 3, Type: datum.Text, Typmod: -1},
		{Name: "destination", Column: 4, Type: datum.Text, Typmod: -1},
	}, format.Env{})
	var batch column.Batch
	d.Begin(&batch)
	b.ReportAllocs()
	b.SetBytes(int64(len(text) / len(records)))
	i := 0
	for b.Loop() {
		if format.Full(&batch) {
			d.Begin(&batch)
		}
		if err := d.Append(&batch, records[i%len(records)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
