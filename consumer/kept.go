package consumer

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/topology"
)

// recordCopies are copies of records whose rows are on their way to PostgreSQL, for
// the dead letters of those that fail there. The reader's own records go back to it
// after each poll, and its buffers are far larger than what is kept here.
type recordCopies struct {
	arena []byte // keys and values
	all   []recordCopy
}

type recordCopy struct {
	partition  topology.Partition
	offset     int64
	time       int64 // ms
	at         int
	key, value int // their lengths, -1 for none at all
	headers    []kgo.RecordHeader
}

// keptBytes is what a record takes besides its key and value, about.
const keptBytes = 80

// keep copies a record and returns its number.
func (k *recordCopies) keep(r *kgo.Record) int32 {
	c := recordCopy{
		partition: r.Partition, offset: r.Offset, time: r.Timestamp.UnixMilli(), at: len(k.arena),
		key: length(r.Key), value: length(r.Value),
	}
	k.arena = append(append(k.arena, r.Key...), r.Value...)
	for _, h := range r.Headers {
		c.headers = append(c.headers, kgo.RecordHeader{Key: h.Key, Value: slices.Clone(h.Value)})
	}
	k.all = append(k.all, c)
	return int32(len(k.all) - 1)
}

func length(b []byte) int {
	if b == nil {
		return -1
	}
	return len(b)
}

// record returns a record as it was, with bytes of its own.
func (k *recordCopies) record(topic string, number int32) *kgo.Record {
	c := k.all[number]
	r := &kgo.Record{Topic: topic, Partition: c.partition, Offset: c.offset, Timestamp: time.UnixMilli(c.time), Headers: c.headers}
	at := c.at
	if c.key >= 0 {
		r.Key = append([]byte{}, k.arena[at:at+c.key]...)
		at += c.key
	}
	if c.value >= 0 {
		r.Value = append([]byte{}, k.arena[at:at+c.value]...)
	}
	return r
}

// memory returns the bytes that the copies take, without what is kept for others.
func (k *recordCopies) memory() int { return len(k.arena) + keptBytes*len(k.all) }

// reset forgets the copies and keeps their memory.
func (k *recordCopies) reset() {
	clear(k.all) // their headers
	k.arena, k.all = k.arena[:0], k.all[:0]
}
