package oracle

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// produceEarly writes the records that are there before any view is.
func (w *whole) produceEarly() { w.send(w.records(true)) }

// produceLate writes the others. The node that is to die does so between two bursts.
func (w *whole) produceLate() {
	records := w.records(false)
	if w.o.nodes != dyingNode {
		w.send(records)
		return
	}
	middle := len(records)/4 + w.rng.IntN(len(records)/2)
	w.send(records[:middle])
	at := w.awaitFlush()
	// What the node has been given last is with it when it dies.
	last := min(len(records), middle+deathBurst)
	w.burst(records[middle:last])
	w.kill(at)
	w.send(records[last:])
}

// deathBurst is how many records a node is given before it dies: enough that
// some are in partitions of its own.
const deathBurst = 200

// records are the early records of all streams or the others, in any order,
// spread over partitions.
func (w *whole) records(early bool) []*kgo.Record {
	var records, ordered []*kgo.Record
	for _, s := range w.r.Streams {
		for _, r := range s.Records {
			record := &kgo.Record{Topic: w.topic(s), Value: r.Value, Key: r.Key, Headers: r.Headers, Timestamp: r.Time}
			switch {
			case r.Early != early:
			case s.Kafka: // its offsets are known
				ordered = append(ordered, record)
			default:
				record.Partition = int32(w.rng.IntN(w.o.partitions))
				records = append(records, record)
			}
		}
	}
	w.rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return append(ordered, records...)
}

// send writes records at once, or in small bursts where flushes are to be tiny.
func (w *whole) send(records []*kgo.Record) {
	for len(records) > 0 {
		n := len(records)
		if w.o.tiny {
			n = min(n, 1+w.rng.IntN(200))
		}
		w.burst(records[:n])
		records = records[n:]
	}
}

// burst writes records and returns when the broker has them all.
func (w *whole) burst(records []*kgo.Record) {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	if err := w.kafka.ProduceSync(ctx, records...).FirstErr(); err != nil {
		w.t.Fatal(err)
	}
}
