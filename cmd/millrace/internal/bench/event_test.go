package bench

import (
	"encoding/json"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/cmd/millrace/internal/bench/nexmark"
	"github.com/millrace/millrace/consumer/format"
)

// All readers of an event must see what the generator says is in it.
func TestEventIsReadAlike(t *testing.T) {
	decoder := format.NewJSON([]format.Field{
		{Name: "channel", Column: 0, Type: datum.Text, Typmod: -1},
		{Name: "price", Column: 1, Type: datum.Int8, Typmod: -1},
		{Name: "dateTime", Column: 2, Type: datum.Timestamp, Typmod: -1},
	}, format.Env{})
	var batch column.Batch
	decoder.Begin(&batch)
	parser := newBidParser()
	size := 0
	for i := range int64(5000) {
		e := eventAt(i*7919, 10_000)
		value := e.append(nil)
		size += len(value)
		var fields map[string]any
		if err := json.Unmarshal(value, &fields); err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		if len(fields) != 10 || fields["channel"] != channelName(e.channel) || fields["price"] != float64(e.price) {
			t.Fatalf("%s: %v", value, fields)
		}
		if err := parser.parse(value); err != nil || string(parser.channel) != channelName(e.channel) || parser.price != e.price {
			t.Fatalf("%s: jsonparser says %+v %v", value, parser, err)
		}
		if format.Full(&batch) {
			decoder.Begin(&batch)
		}
		row := batch.Rows
		if err := decoder.Append(&batch, value); err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		if got := string(batch.Columns[0].Bytes(row)); got != channelName(e.channel) || batch.Columns[1].Ints[row] != e.price {
			t.Fatalf("%s: decoded as %q %d", value, got, batch.Columns[1].Ints[row])
		}
	}
	if mean := size / 5000; mean < 235 || mean > 265 {
		t.Errorf("%d bytes for each event: 250 or so are promised", mean)
	}
}

// The same for the bids that q17 reads.
func TestBidIsReadAlike(t *testing.T) {
	q := q17()
	decoder := format.NewJSON(q.fields, format.Env{})
	var batch column.Batch
	decoder.Begin(&batch)
	parser, generator := newAuctionParser(), nexmark.New()
	for i := range int64(5000) {
		bid := generator.Bid(i * 7919)
		value := generator.AppendBid(nil, i*7919)
		if err := parser.parse(value); err != nil || parser.auction != bid.Auction || parser.price != bid.Price || parser.day != dayAt(bid.Time) {
			t.Fatalf("%s: jsonparser says %+v %v", value, parser, err)
		}
		if format.Full(&batch) {
			decoder.Begin(&batch)
		}
		row := batch.Rows
		if err := decoder.Append(&batch, value); err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		const since2000 = 946_684_800_000 // milliseconds
		if c := batch.Columns; c[0].Ints[row] != bid.Auction || c[1].Ints[row] != bid.Price || c[2].Ints[row] != (bid.Time-since2000)*1000 {
			t.Fatalf("%s: decoded as %d %d %d", value, c[0].Ints[row], c[1].Ints[row], c[2].Ints[row])
		}
	}
}

func TestParsersRefuseOthers(t *testing.T) {
	for _, value := range []string{``, `{}`, `{"price":1}`, `{"price":"x","channel":"a"}`, `[1]`} {
		if p := newBidParser(); p.parse([]byte(value)) == nil {
			t.Errorf("%s: %+v", value, p)
		}
	}
	for _, value := range []string{``, `{}`, `{"price":1,"auction":2}`, `{"price":1,"auction":2,"dateTime":"today"}`, `{"price":1,"auction":2,"dateTime":"2026-0x-01"}`} {
		if p := newAuctionParser(); p.parse([]byte(value)) == nil {
			t.Errorf("%s: %+v", value, p)
		}
	}
}

// Parsing allocates nothing: what the rival is measured by must be good.
func TestParsersDoNotAllocate(t *testing.T) {
	channels, auctions := newBidParser(), newAuctionParser()
	one, two := eventAt(1, 10).append(nil), nexmark.New().AppendBid(nil, 1)
	if n := testing.AllocsPerRun(100, func() {
		if channels.parse(one) != nil || auctions.parse(two) != nil {
			t.Fatal("refused")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDay(t *testing.T) {
	for text, want := range map[string]int32{"1970-01-01": 0, "2026-01-01 00:00:00.000": 20_454, "2024-02-29": 19_782} {
		d, err := dayOf([]byte(text))
		if err != nil || d.sinceEpoch() != want || dayAt(int64(want)*86_400_000+86_399_999) != d {
			t.Errorf("%s: %d %d %v", text, d, d.sinceEpoch(), err)
		}
	}
}

// The generator's sums are those of its events.
func TestExpected(t *testing.T) {
	want := &expected{groups: make([]group, 2)}
	for _, e := range []event{{channel: 0, price: 5}, {channel: 1, price: 3}, {channel: 0, price: 2}} {
		want.add(e, 10)
	}
	if want.events != 3 || want.bytes != 30 || want.prices != 10 ||
		want.groups[0] != (group{count: 2, sum: 7, low: 2, high: 5}) || want.groups[1] != (group{count: 1, sum: 3, low: 3, high: 3}) {
		t.Errorf("%+v", want)
	}
	for _, c := range []struct {
		name string
		t    tally
		good bool
	}{
		{nameBare, tally{Events: 3}, true},
		{nameBare, tally{Events: 2}, false},
		{nameRival, tally{Events: 3, Prices: 10}, true},
		{nameRival, tally{Events: 3, Prices: 9}, false},
	} {
		if err := want.check(Contender{Name: c.name}, c.t); (err == nil) != c.good {
			t.Errorf("%s %+v: %v", c.name, c.t, err)
		}
	}
}

// q17 has the groups that a small run's bids come to: auctions on two days.
func TestExpectedAuctions(t *testing.T) {
	want := expectAuctions(20_000)
	days := map[day]int64{}
	var total, ranks int64
	for key, s := range want.days {
		days[key.day] += s.total
		total += s.total
		ranks += s.rank1 + s.rank2 + s.rank3
	}
	if want.size() != 1380 || want.events != 20_000 || total != 20_000 || ranks != 20_000 || len(days) != 2 || days[20251231] != 9200 {
		t.Errorf("%d groups, %d events, %d in groups, %d in ranks, days %v", want.size(), want.events, total, ranks, days)
	}
}
