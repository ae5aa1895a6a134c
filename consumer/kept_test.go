package consumer

import (
	"reflect"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestKeptRecords: a copy is the record as it was, whatever becomes of the reader's.
func TestKeptRecords(t *testing.T) {
	records := []*kgo.Record{
		{Topic: "t", Partition: 3, Offset: 1 << 40, Timestamp: time.UnixMilli(1234567), Key: []byte("key"), Value: []byte("value"), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("x")}, {Key: "none"}}},
		{Topic: "t", Offset: 1, Timestamp: time.UnixMilli(0), Key: nil, Value: []byte{}},
		{Topic: "t", Offset: 2, Timestamp: time.UnixMilli(1), Key: []byte{}, Value: nil},
	}
	var kept recordCopies
	var want []kgo.Record
	for i, r := range records {
		was := *r
		was.Key, was.Value, was.Headers = clone(r.Key), clone(r.Value), nil
		for _, h := range r.Headers {
			was.Headers = append(was.Headers, kgo.RecordHeader{Key: h.Key, Value: clone(h.Value)})
		}
		want = append(want, was)
		if number := kept.keep(r); number != int32(i) {
			t.Errorf("number %d, want %d", number, i)
		}
		for _, b := range [][]byte{r.Key, r.Value} {
			clear(b)
		}
		for _, h := range r.Headers {
			clear(h.Value)
		}
		clear(r.Headers)
	}
	for i := range want {
		if got := *kept.record("t", int32(i)); !reflect.DeepEqual(got, want[i]) {
			t.Errorf("got %+v, want %+v", got, want[i])
		}
	}
	if m := kept.memory(); m < 13 {
		t.Errorf("%d bytes", m)
	}
}

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}
