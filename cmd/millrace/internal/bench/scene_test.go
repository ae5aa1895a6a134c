package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/topology"
)

// A figure is the median of its samples, and stands beside its promise.
func TestSceneReport(t *testing.T) {
	r := &sceneReport{Scene: "views", What: "what it is"}
	r.set("events", 1000)
	p := r.part("same", "of one grouping")
	p.addCost("views_1", "1 view", []float64{1.25e-6, 9e-6, 1e-6})
	p.add("each", "each further one", "%", 14, 16, 15).atMost(15)
	p.add("drop", "the steepest", "×", 0.25).atLeast(0.5)
	var out bytes.Buffer
	if err := r.print(&out, false); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"views: what it is", "events 1000; all results exact", "same: of one grouping",
		"1 view 1.250 µs of processor time for an event each further one 15 % promise ≤ 15: held",
		"the steepest 0.250 × promise ≥ 0.500: NOT held",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := r.print(&out, true); err != nil {
		t.Fatal(err)
	}
	var got sceneReport
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if f := got.Parts[0].Figures[1]; f.Value != 15 || len(f.Samples) != 3 || !f.Promise.Held || got.Parts[0].Figures[2].Promise.Held {
		t.Errorf("%+v", got.Parts[0])
	}
}

func TestAmount(t *testing.T) {
	for want, x := range map[string]float64{"1,234,568": 1234567.8, "123": 123.4, "12.3": 12.34, "1.234": 1.2344, "3": 3, "0.250": 0.25, "-0.500": -0.5} {
		if got := amount(x); got != want {
			t.Errorf("%v: %q, want %q", x, got, want)
		}
	}
}

// What the plain table is filled with is what the records say.
func TestFieldsAreTheRecords(t *testing.T) {
	for number := range int64(3000) {
		e := evenly(10)(number * 97_531)
		var r struct {
			Auction, Bidder, Price int64
			Channel, DateTime      string
			Currency               string
			Attempt                int32
			Mobile                 bool
		}
		if err := json.Unmarshal(e.append(nil), &r); err != nil {
			t.Fatal(err)
		}
		f := e.fields()
		if r.Auction != f.auction || r.Bidder != f.bidder || r.Price != e.price || r.Channel != channelName(e.channel) ||
			r.Currency != f.currency || r.Attempt != f.attempt || r.Mobile != f.mobile {
			t.Fatalf("%+v is not %+v", r, f)
		}
		at, err := time.Parse("2006-01-02 15:04:05.000", r.DateTime)
		if err != nil || at.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) != f.time {
			t.Fatalf("%s is not %v (%v)", r.DateTime, f.time, err)
		}
		var short struct {
			Price   int64
			Channel string
		}
		if err := json.Unmarshal(e.appendShort(nil), &short); err != nil || short.Price != e.price || short.Channel != r.Channel {
			t.Fatalf("%+v %v", short, err)
		}
	}
}

// Every group has its first event before any has a second.
func TestEvenly(t *testing.T) {
	for _, groups := range []int{1, 10, 1000, 4096, 99_999} {
		seen := map[int]bool{}
		for number := range int64(groups) {
			seen[evenly(groups)(number).channel] = true
		}
		if len(seen) != groups {
			t.Errorf("%d of %d groups", len(seen), groups)
		}
	}
}

// No two views of a scene are one, and each has its own table of expected rows.
func TestViewsDiffer(t *testing.T) {
	for name, views := range map[string][]viewSpec{"same": sameViews(100), "different": differentViews(100)} {
		texts, tables := map[string]bool{}, map[string]bool{}
		for _, v := range views {
			text := v.over("events")
			if strings.Contains(text, "%!") {
				t.Errorf("%s: %s", name, text)
			}
			texts[text], tables[v.table] = true, true
		}
		if len(texts) != 100 || len(tables) != 100 {
			t.Errorf("%s: %d views, %d tables", name, len(texts), len(tables))
		}
	}
	if sameViews(2)[1] != sameViews(8)[1] || differentViews(2)[1] != differentViews(8)[1] {
		t.Error("a view's table has other rows where there are more views")
	}
	if sameViews(1)[0].sql != differentViews(1)[0].sql {
		t.Error("the first views differ")
	}
}

// Ten events a millisecond are made in each of two partitions, then nothing; the
// shard that moves late counts as much as the one that moves soon.
func TestLate(t *testing.T) {
	zero := time.UnixMilli(1_700_000_000_000)
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	l := &pacedLoad{made: map[topology.Partition][]batch{}}
	for ms := range 10 {
		for range 10 {
			l.note(0, at(ms).UnixMilli())
		}
	}
	moves := history{
		{0, 0}: {{at(5), at(4)}, {at(20), at(9)}},
		{1, 0}: {{at(109), at(9)}},
	}
	late := l.late(moves, at(3))
	if len(late) != 14 {
		t.Fatalf("%d batches: %v", len(late), late)
	}
	// Of 140: 10 are 1 ms late, 10 are 2, then 11 … 15, then 100 … 106.
	for part, want := range map[float64]float64{0.05: 1, 0.1: 2, 0.5: 15, 0.51: 100, 1: 106} {
		if got := late.quantile(part); got != want {
			t.Errorf("%v of them within %v ms, not %v", part, got, want)
		}
	}
}

func TestTenths(t *testing.T) {
	zero := time.Unix(1_700_000_000, 0)
	at := func(seconds float64) time.Time { return zero.Add(time.Duration(seconds * float64(time.Second))) }
	// Nothing for five seconds, then 100 a second, for the second half 50.
	rates := tenths([]moment{{at(0), 0}, {at(5), 0}, {at(7.5), 250}, {at(10), 500}, {at(20), 1000}}, 1000)
	if got := fmt.Sprintf("%.0f", rates); got != "[100 100 100 100 100 50 50 50 50 50]" {
		t.Error(got)
	}
}

func TestScenesNameEveryFault(t *testing.T) {
	for _, of := range []struct {
		settings interface{ Validate() error }
		faults   string
	}{
		{&ViewsSettings{Views: []int{1}, Settings: Settings{Lanes: -1, Interval: 1}}, "--events --groups --lanes --interval --runs --views"},
		{&ViewsSettings{Settings: Settings{Events: 1, Groups: 1, Runs: 1}}, "--views"},
		{&LanesSettings{}, "--events --groups --pairs"},
		{&ScaleSettings{Partitions: []int{4}, Shards: []int{1}, Views: []int{1}}, "--events --groups --pairs --partitions --shards --views"},
		{&LatencySettings{Rate: -1}, "--events --groups --for --idle --rate"},
		{&MemorySettings{Many: 20_000_000, Distinct: 5, Limits: []int64{1}}, "--few --many --events --runs --distinct --limits"},
		{&FoldSettings{Rows: []int{0}, Sizes: []int{5}, Folds: -1}, "--folds --rows --sizes"},
		{&FoldSettings{}, "--rows"},
		{&StartSettings{}, "--views --runs"},
		{&StartSettings{Views: 2, ViewGroups: 2, Settings: Settings{Runs: 1}}, ""},
	} {
		var got []string
		if err := of.settings.Validate(); err != nil {
			for line := range strings.Lines(err.Error()) {
				got = append(got, strings.Fields(line)[0])
			}
		}
		if strings.Join(got, " ") != of.faults {
			t.Errorf("%T: %v, want %s", of.settings, got, of.faults)
		}
	}
}
