package nexmark

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write testdata anew")

// The bytes are fixed: other systems read what some other machine has written.
func TestEventsAreFixed(t *testing.T) {
	g := New()
	var b []byte
	for n := range int64(60) {
		b = append(g.AppendEvent(b, n), '\n')
	}
	for _, n := range []int64{9_999, 10_000, 49_999_950, 49_999_951, 49_999_999, 1 << 40} {
		b = append(g.AppendEvent(b, n), '\n')
	}
	for _, n := range []int64{0, 45, 46, 9_999_999} {
		b = append(g.AppendBid(b, n), '\n')
	}
	path := filepath.Join("testdata", "events.ndjson")
	if *rewrite {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != string(want) {
		t.Errorf("other events than those in %s:\n%s", path, b)
	}
}

func TestKindsAreInProportion(t *testing.T) {
	var counts [3]int
	bid := int64(0)
	for n := range int64(5000) {
		kind := KindOf(n)
		counts[kind]++
		if kind == BidKind {
			if got := BidNumber(bid); got != n {
				t.Fatalf("bid %d is event %d, not %d", bid, got, n)
			}
			bid++
		}
	}
	if counts != [3]int{100, 300, 4600} {
		t.Errorf("%v", counts)
	}
}

// A bid says the same in its fields and in its JSON, and every event is valid.
func TestEventsAreValid(t *testing.T) {
	g := New()
	size := 0
	for n := range int64(4000) {
		bid := g.Bid(n * 499)
		value := g.AppendBid(nil, n*499)
		size += len(value)
		var got struct {
			Auction, Bidder, Price        int64
			Channel, URL, DateTime, Extra string
		}
		decoder := json.NewDecoder(strings.NewReader(string(value)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		at, err := time.Parse("2006-01-02 15:04:05.000", got.DateTime)
		if err != nil || at.UnixMilli() != bid.Time || got.Auction != bid.Auction || got.Bidder != bid.Bidder || got.Price != bid.Price {
			t.Fatalf("%s: %+v %v", value, bid, err)
		}
		if got.Channel == "" || got.URL == "" || got.Extra == "" || bid.Price < 100 || bid.Price > 100_000_000 {
			t.Fatalf("%s", value)
		}
		var event map[string]any
		if err := json.Unmarshal(g.AppendEvent(nil, n), &event); err != nil || len(event) != 2 {
			t.Fatalf("event %d: %v %v", n, event, err)
		}
	}
	if mean := size / 4000; mean < 235 || mean > 265 {
		t.Errorf("%d bytes for each bid: about 250 are promised", mean)
	}
}

// Half of the bids are for hot auctions, three quarters by hot bidders, a third
// of the prices in each rank of query 17; nobody bids for what is long over.
func TestDistributions(t *testing.T) {
	g := New()
	const all = 50_000
	var hotAuctions, hotBidders, hotChannel, cheap, dear float64
	auctions := map[int64]bool{}
	for n := range int64(all) {
		bid := g.Bid(1_000_000 + n)
		number := BidNumber(1_000_000 + n)
		auctions[bid.Auction] = true
		last := firstID + lastAuction(number)
		if bid.Auction < last-inFlight || bid.Auction > last+lead {
			t.Fatalf("bid %d is for auction %d at a time when the last one is %d", n, bid.Auction, last)
		}
		add := func(to *float64, is bool) {
			if is {
				*to++
			}
		}
		add(&hotAuctions, bid.Auction == firstID+hot(lastAuction(number)))
		add(&hotBidders, bid.Bidder == firstID+hot(lastPerson(number))+1)
		add(&hotChannel, bid.channel < hotChannels)
		add(&cheap, bid.Price < 10_000)
		add(&dear, bid.Price >= 1_000_000)
	}
	for name, c := range map[string][2]float64{
		"hot auctions": {hotAuctions, 0.505}, "hot bidders": {hotBidders, 0.75}, "hot channels": {hotChannel, 0.5}, "cheap": {cheap, 1.0 / 3}, "dear": {dear, 1.0 / 3},
	} {
		if share := c[0] / all; math.Abs(share-c[1]) > 0.01 {
			t.Errorf("%s: %.3f, not %.3f", name, share, c[1])
		}
	}
	if perBid := float64(len(auctions)) / all; math.Abs(perBid-3.0/46) > 0.002 {
		t.Errorf("%.4f auctions for each bid, not 3/46", perBid)
	}
}

func BenchmarkAppendBid(b *testing.B) {
	g := New()
	value := make([]byte, 0, 512)
	var n int64
	for b.Loop() {
		value = g.AppendBid(value[:0], n)
		n++
	}
	b.SetBytes(int64(len(value)))
}
