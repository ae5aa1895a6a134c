package topology

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

func altered(t *testing.T) *Catalog {
	t.Helper()
	c := NewCatalog()
	c.Apply(&Record{Revision: 1, Operation: "a", Kind: KindStream, Name: "s", Stream: &Stream{
		ID: streamNamed("s"), Name: "s", Topic: "s", Format: "json",
		Columns: []StreamColumn{{Name: "a", Type: "text", OID: 25, Typmod: -1}, {Name: "_key", Type: "text", OID: 25, Typmod: -1}},
	}})
	c.Apply(&Record{Revision: 2, Operation: "b", Kind: KindStream, Name: "inferred", Stream: &Stream{ID: streamNamed("inferred"), Name: "inferred", Inferred: true}})
	c.Apply(&Record{Revision: 3, Operation: "c", Kind: KindStream, Name: "raw", Stream: &Stream{ID: streamNamed("raw"), Name: "raw", Topic: "raw", Format: "raw"}})
	c.Apply(&Record{Revision: 4, Operation: "d", Kind: KindView, Name: "v", View: &View{ID: viewNamed("v"), Name: "v", Stream: streamNamed("s"), Shards: 1, Partitions: 1, Created: 4}})
	return c
}

func column(name string) NewColumn {
	return NewColumn{StreamColumn: StreamColumn{Name: name, Type: "integer", OID: 23, Typmod: -1}}
}

func names(columns []StreamColumn) string {
	var all []string
	for _, c := range columns {
		name := c.Name
		if c.Metadata == NoMetadata {
			name = "+" + name
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// TestColumnsOfView: a view sees the columns of its creation for ever, and behind them
// the metadata columns that no declared one stands for.
func TestColumnsOfView(t *testing.T) {
	c := altered(t)
	view, _ := c.View("v")
	before, _ := c.Stream("s")
	const want = "+a +_key _topic _partition _offset _row _headers arrival_timestamp"
	if got := names(before.ColumnsOf(view)); got != want {
		t.Errorf("before: %s", got)
	}
	records, err := c.AddColumns("s", false, []NewColumn{column("b"), column("c")})
	if err != nil || len(records) != 1 || len(before.Columns) != 2 {
		t.Fatal(records, err, before.Columns)
	}
	proposed := *records[0]
	proposed.Seal(5)
	if records[0].Stream.Columns[2].Added != AddedNow || proposed.Stream.Columns[2].Added != 5 || proposed.Stream.Columns[0].Added != 0 {
		t.Errorf("sealed: %+v of %+v", proposed.Stream.Columns, records[0].Stream.Columns)
	}
	proposed.Operation = "e"
	raw, err := json.Marshal(&proposed)
	if err != nil {
		t.Fatal(err)
	}
	c.ApplyBytes([]byte(proposed.Key()), raw, 0)
	after, _ := c.Stream("s")
	if got := names(after.ColumnsOf(view)); got != want {
		t.Errorf("after: %s", got)
	}
	if got := names(after.ColumnsOf(&View{Created: 6})); got != "+a +_key +b +c _topic _partition _offset _row _headers arrival_timestamp" {
		t.Errorf("a new view: %s", got)
	}
	if got := names((&Stream{Inferred: true}).ColumnsOf(&View{Columns: before.Columns[:1]})); got != "+a _topic _partition _offset _row _key _headers arrival_timestamp" {
		t.Errorf("an inferred stream: %s", got)
	}
}

func TestAddColumnsRefuses(t *testing.T) {
	c := altered(t)
	lenient := column("a")
	lenient.IfNotExists = true
	for _, test := range []struct {
		stream   string
		ifExists bool
		add      NewColumn
		code     string // "" for nothing to do
	}{
		{"s", false, column("a"), CodeDuplicateColumn},
		{"s", false, lenient, ""},
		{"s", false, column("_offset"), CodeDuplicateColumn},
		{"s", false, column("_key"), CodeDuplicateColumn},
		{"v", false, column("b"), CodeWrongKind},
		{"absent", false, column("b"), CodeUndefined},
		{"absent", true, column("b"), ""},
		{"inferred", false, column("b"), CodeNotSupported},
		{"raw", false, column("b"), CodeNotSupported},
	} {
		records, err := c.AddColumns(test.stream, test.ifExists, []NewColumn{test.add})
		var conflict *Conflict
		code := ""
		if errors.As(err, &conflict) {
			code = conflict.Code
		}
		if code != test.code || len(records) > 0 {
			t.Errorf("%s, %s: %v, %v", test.stream, test.add.Name, records, err)
		}
	}
}

// TestGoldenFormat reads a stream with everything that a format brings.
func TestGoldenFormat(t *testing.T) {
	golden, err := os.ReadFile("testdata/wire/record.v1.stream-csv.json")
	if err != nil {
		t.Fatal(err)
	}
	c := NewCatalog()
	c.ApplyBytes([]byte("relation/visits"), golden, 0)
	s, ok := c.Stream("visits")
	if !ok || len(c.Damaged()) > 0 {
		t.Fatalf("%+v", c.Damaged())
	}
	if s.Format != "csv" || s.Copy.Delimiter != ";" || *s.Copy.Null != "" || s.Copy.Header != "match" || s.Copy.ForceNull[0] != "k" ||
		*s.Columns[1].Default != "" || s.Columns[0].Default != nil || s.Columns[1].Added != 2 {
		t.Errorf("%+v, %+v", s, s.Copy)
	}
}
