package topology

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// story is a catalog under test and the writer's part of it.
type story struct {
	catalog *Catalog
	offset  int64
	kept    *Catalog // a snapshot
}

// TestCatalogStories runs the scripts. The switch is their language.
func TestCatalogStories(t *testing.T) {
	datadriven.Walk(t, "testdata/catalog", func(t *testing.T, path string) {
		s := &story{catalog: NewCatalog()}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			c := s.catalog
			name := ""
			if len(d.CmdArgs) > 0 {
				name = d.CmdArgs[0].Key
			}
			switch d.Cmd {
			case "create-stream": // NAME [if-not-exists]
				return s.write(c.CreateStream(&Stream{ID: streamNamed(name), Name: name, Topic: name, Format: "json"}, d.HasArg("if-not-exists")))
			case "create-view": // NAME over=STREAM [inferred] [if-not-exists] [shards=N]
				return s.createView(d, name)
			case "drop-stream": // NAME [if-exists] [cascade]
				return s.write(c.DropStream(name, d.HasArg("if-exists"), d.HasArg("cascade")))
			case "drop-view": // NAME [if-exists]
				return s.write(c.DropView(name, d.HasArg("if-exists")))
			case "raw": // [key=KEY]: the input is a record's value as it is in the log
				key := "relation/raw"
				d.MaybeScanArgs(t, "key", &key)
				c.ApplyBytes([]byte(key), []byte(d.Input), s.next())
				return ""
			case "snapshot":
				s.kept = c.Clone()
				return ""
			case "show-snapshot":
				return show(s.kept)
			case "show":
				return show(c)
			}
			t.Fatalf("unknown command %q", d.Cmd)
			return ""
		})
	})
}

func (s *story) next() int64 {
	s.offset++
	return s.offset - 1
}

func (s *story) createView(d *datadriven.TestData, name string) string {
	var over string
	shards := 1
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "over":
			over = a.Vals[0]
		case "shards":
			_, _ = fmt.Sscan(a.Vals[0], &shards)
		}
	}
	v := &View{ID: viewNamed(name), Name: name, Stream: streamNamed(over), Shards: shards, Partitions: 1}
	var inferred *Stream
	if d.HasArg("inferred") {
		inferred = &Stream{ID: streamNamed(over), Name: over, Topic: over, Format: "json", Inferred: true}
	}
	return s.write(s.catalog.CreateView(v, inferred, d.HasArg("if-not-exists")))
}

// write puts the records into the log as a writer does, and reads them.
func (s *story) write(records []*Record, err error) string {
	var conflict *Conflict
	if errors.As(err, &conflict) {
		b := fmt.Sprintf("ERROR:  %s: %s\n", conflict.Code, conflict.Message)
		if conflict.Detail != "" {
			b += "DETAIL:  " + conflict.Detail + "\n"
		}
		if conflict.Hint != "" {
			b += "HINT:  " + conflict.Hint + "\n"
		}
		return b
	}
	if err != nil {
		return "FAULT:  " + err.Error() + "\n"
	}
	if len(records) == 0 {
		return "nothing to do\n"
	}
	operation := fmt.Sprintf("operation-%d", s.catalog.Revision+1)
	b := ""
	for _, r := range records {
		r.Version, r.Revision, r.Operation = RecordVersion, s.catalog.Revision+1, operation
		if r.View != nil {
			r.View.Created = r.Revision
		}
		value, err := json.Marshal(r)
		if err != nil {
			return err.Error()
		}
		s.catalog.ApplyBytes([]byte(r.Key()), value, s.next())
		b += fmt.Sprintf("%d: %s\n", r.Revision, r.Key())
	}
	return b
}

func show(c *Catalog) string {
	b := fmt.Sprintf("revision %d\n", c.Revision)
	for _, s := range c.Streams() {
		b += fmt.Sprintf("stream %s", s.Name)
		for _, v := range c.ViewsOf(s.ID) {
			b += fmt.Sprintf(", view %s (created %d, %d shards)", v.Name, v.Created, v.Shards)
		}
		b += "\n"
	}
	for _, d := range c.Damaged() {
		b += fmt.Sprintf("set aside: %s at %d: %s\n", d.Key, d.Offset, d.Reason)
	}
	return b
}

func viewNamed(name string) (id ViewID)     { copy(id[:], "v:"+name); return id }
func streamNamed(name string) (id StreamID) { copy(id[:], "s:"+name); return id }

func TestLookups(t *testing.T) {
	c := NewCatalog()
	c.Apply(&Record{Revision: 1, Operation: "a", Kind: KindStream, Name: "s", Stream: &Stream{ID: streamNamed("s"), Name: "s"}})
	c.Apply(&Record{Revision: 2, Operation: "b", Kind: KindView, Name: "v", View: &View{ID: viewNamed("v"), Name: "v", Stream: streamNamed("s")}})
	if s, ok := c.Stream("s"); !ok || s.Name != "s" {
		t.Error("stream s is missing")
	}
	if _, ok := c.Stream("v"); ok {
		t.Error("view v is a stream")
	}
	if _, ok := c.View("s"); ok {
		t.Error("stream s is a view")
	}
	if s, ok := c.StreamByID(streamNamed("s")); !ok || s.Name != "s" {
		t.Error("stream s has no id")
	}
	if _, ok := c.StreamByID(streamNamed("t")); ok {
		t.Error("a stream that is not there has an id")
	}
	for operation, want := range map[string]Revision{"a": 1, "b": 2, "c": 0} {
		if got, done := c.Clone().Done(operation); got != want || done != (want > 0) {
			t.Errorf("operation %s: revision %d, %v", operation, got, done)
		}
	}
}

// TestGoldenRecords reads records as version 1 wrote them. What is read and
// written again is the same, as long as version 1 is what is written.
func TestGoldenRecords(t *testing.T) {
	c := NewCatalog()
	paths, err := filepath.Glob("testdata/wire/record.v1.*.json")
	if err != nil || len(paths) != 4 {
		t.Fatalf("%d golden records, want 4 (%v)", len(paths), err)
	}
	for _, path := range paths {
		golden, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c.ApplyBytes([]byte("relation/golden"), golden, 0)
		var r Record
		if err := json.Unmarshal(golden, &r); err != nil {
			t.Fatal(err)
		}
		again, err := json.MarshalIndent(&r, "", "  ")
		if err != nil || !bytes.Equal(bytes.TrimSpace(again), bytes.TrimSpace(golden)) {
			t.Errorf("%s is now written as\n%s\n(%v)", path, again, err)
		}
	}
	if len(c.Damaged()) > 0 {
		t.Fatalf("set aside: %+v", c.Damaged())
	}
	want := &View{
		ID: viewNamed("hourly"), Name: "hourly", Stream: streamNamed("flights"),
		Select: "SELECT origin, count(*) FROM flights GROUP BY origin", Analysis: json.RawMessage(`{}`),
		Columns: []StreamColumn{{Name: "origin", Type: "text", OID: 25, Typmod: -1}},
		Shards:  4, Partitions: 8, Starts: map[Partition]int64{0: 10, 1: 9223372036854775807}, Created: 2,
	}
	v, ok := c.View("hourly")
	if !ok {
		t.Fatal("the golden view is missing")
	}
	got := *v
	got.Analysis = json.RawMessage(strings.Join(strings.Fields(string(v.Analysis)), ""))
	if !reflect.DeepEqual(&got, want) {
		t.Errorf("the golden view reads\n%+v, want\n%+v", &got, want)
	}
	if s, ok := c.Stream("flights"); !ok || s.OnError != DeadLetter || s.Columns[1].Typmod != 655366 || s.Partials != "demo.flights.partials" {
		t.Errorf("the golden stream reads %+v", s)
	}
	if c.Revision != 3 {
		t.Errorf("the golden catalog is at revision %d", c.Revision)
	}
}

// FuzzApplyBytes gives the catalog records of any bytes. Each is applied or set
// aside; none stops what follows, or breaks what readers rely on.
func FuzzApplyBytes(f *testing.F) {
	paths, err := filepath.Glob("testdata/wire/record.v1.*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		golden, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte("relation/flights"), golden)
	}
	f.Add([]byte(nil), []byte(`{"v":1,"revision":9,"kind":"view","name":"x","view":null}`))
	f.Add([]byte("relation/x"), []byte(nil))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		c := NewCatalog()
		c.ApplyBytes(key, value, 3)
		applied := len(c.byName) > 0
		if applied == (len(c.Damaged()) == 1) {
			t.Fatalf("%d applied and %d set aside", len(c.byName), len(c.Damaged()))
		}
		before := c.Clone()
		c.ApplyBytes([]byte("relation/last"), []byte(`{"v":1,"revision":7,"operation":"o","kind":"stream","name":"last","stream":{"name":"last"}}`), 4)
		if _, ok := c.Stream("last"); !ok {
			t.Fatal("the record behind it was lost")
		}
		for _, v := range before.Views() {
			if v.Shards < 1 || v.Partitions < 1 {
				t.Fatalf("view %+v", v)
			}
			PartitionOf(v.ID, ShardOf(Slots-1, v.Shards), v.Partitions)
		}
		_, _ = before.DropStream("last", false, false)
	})
}
