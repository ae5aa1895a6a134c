package bench

import (
	"encoding/json"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
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
		channel, price, err := parseBid(value)
		if err != nil || string(channel) != channelName(e.channel) || price != e.price {
			t.Fatalf("%s: jsonparser says %q %d %v", value, channel, price, err)
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

func TestParseBidRefusesOthers(t *testing.T) {
	for _, value := range []string{``, `{}`, `{"price":1}`, `{"price":"x","channel":"a"}`, `[1]`} {
		if channel, price, err := parseBid([]byte(value)); err == nil {
			t.Errorf("%s: %q %d", value, channel, price)
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
