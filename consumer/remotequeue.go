package consumer

import (
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// remoteQueue is what a view with a row program has read on a lane and its table has
// not taken yet: batches in the order in which they were read. Some are being
// evaluated, and come back in any order; the table takes them in theirs.
//
// Positions go with the rows that lie before them. The table takes batches up to one
// that ends with positions, so that it never holds rows of which the next flush would
// say that they were not read.
type remoteQueue struct {
	view    *laneView
	batches []*remoteBatch
	bytes   int
	running int                     // batches that are being evaluated
	void    bool                    // it was given up: what comes back counts for nothing
	problem topology.TopicPartition // where one was reported
	failing bool                    // it was
	spare   []*remoteBatch          // memory for batches to come
	spared  int                     // bytes of it
}

// remoteBatch is one call of the evaluator, and what goes with it.
type remoteBatch struct {
	sent    aggregator.Sent
	records recordCopies
	refused []refusal
	ends    []readTo
	covered bool // every row up to here lies before a position in ends of this batch, or of one before
	closed  bool // nothing is added any more
	state   batchState
	cancel  context.CancelFunc // while it is being evaluated
	result  *aggregator.Evaluated
	bytes   int
	spared  int // bytes that it had before, whose memory it has
}

// batchState is how far a batch is.
//
//	notAsked ──(there is a place)──► underWay ──(PostgreSQL answers)──► hasAnswer ──► in the table
type batchState uint8

const (
	notAsked batchState = iota
	underWay
	hasAnswer
)

// refusal is a record that failed before PostgreSQL was asked about it.
type refusal struct {
	record   int32
	decoding bool
	err      *datum.Error
}

// readTo is how far a partition has been read.
type readTo struct {
	tp     topology.TopicPartition
	to     int64
	newest int64 // Kafka timestamp of the newest record, ms
}

const (
	// remoteAhead is how many batches of a view are evaluated at once on a lane.
	remoteAhead = 4
	// remoteFew is how many rows are not worth a further call while another is
	// under way: they wait for more.
	remoteFew = 1024
	// remoteBytes is how large a batch becomes, by its records' values.
	remoteBytes = 4 << 20
)

// last returns the batch that takes what is read now.
func (q *remoteQueue) last() *remoteBatch {
	if n := len(q.batches); n > 0 && !q.batches[n-1].closed {
		return q.batches[n-1]
	}
	b := &remoteBatch{}
	if n := len(q.spare); n > 0 {
		b, q.spare = q.spare[n-1], q.spare[:n-1]
		q.spared -= b.spared
	}
	q.batches = append(q.batches, b)
	return b
}

// taken ends the first n batches, which the table has taken. Their memory is kept for
// as many as are evaluated at once, of so many bytes: making it anew costs more than
// decoding does.
func (q *remoteQueue) taken(n int, most int64) {
	for _, b := range q.batches[:n] {
		q.bytes -= b.bytes
		size := b.sent.Memory() + b.records.memory()
		if len(q.spare) == remoteAhead || int64(q.spared+size) > most {
			continue
		}
		b.sent.Reset()
		b.records.reset()
		q.spare = append(q.spare, &remoteBatch{sent: b.sent, records: b.records, refused: b.refused[:0], ends: b.ends[:0], spared: size})
		q.spared += size
	}
	q.batches = slices.Delete(q.batches, 0, n)
}

// refuse takes a record that failed before PostgreSQL is asked. Its dead letter waits
// for its turn: it must go out with the flush that says that the record was read.
func (q *remoteQueue) refuse(r *kgo.Record, decoding bool, err *datum.Error) {
	b := q.last()
	b.refused = append(b.refused, refusal{b.records.keep(r), decoding, err})
	b.covered = false
	q.weigh(b)
}

// take copies the rows of a stream's batch that are to be evaluated.
func (q *remoteQueue) take(s *laneStream, rows []int32) {
	for len(rows) > 0 {
		b := q.last()
		n := b.room(s, rows)
		last, number := int32(-1), int32(-1)
		if n > 0 {
			q.view.chooser.Add(&b.sent, rows[:n], func(record int32) int32 {
				if record != last {
					last, number = record, b.records.keep(s.records[record])
				}
				return number
			})
			b.covered = false
			q.weigh(b)
		}
		rows = rows[n:]
		b.closed = len(rows) > 0
	}
}

// room returns how many of the rows a batch has room for: whole records, one at
// least where it is empty.
func (b *remoteBatch) room(s *laneStream, rows []int32) int {
	n, bytes := 0, len(b.records.arena)
	for n < len(rows) {
		record, end := s.batch.Record(rows[n]), n+1
		for end < len(rows) && s.batch.Record(rows[end]) == record {
			end++
		}
		bytes += len(s.records[record].Value)
		if b.sent.Rows+n > 0 && (b.sent.Rows+end > column.BatchRows || bytes > remoteBytes) {
			break
		}
		n = end
	}
	return n
}

// weigh counts a batch's memory anew.
func (q *remoteQueue) weigh(b *remoteBatch) {
	q.bytes -= b.bytes
	b.bytes = b.sent.Memory() + b.records.memory()
	if b.result != nil {
		for _, v := range b.result.Results {
			b.bytes += v.Memory()
		}
	}
	q.bytes += b.bytes
}

// cover says up to where the partitions have been read with what the queue holds.
func (q *remoteQueue) cover(end readTo) {
	b := q.last()
	b.ends = append(b.ends, end)
	b.covered = true
}

// ready returns how many batches the table may take now; uncovered leaves it out that
// they have to end with positions.
func (q *remoteQueue) ready(uncovered bool) int {
	n := 0
	for i, b := range q.batches {
		if b.state != hasAnswer {
			break
		}
		if b.covered || uncovered {
			n = i + 1
		}
	}
	return n
}

// doubtful reports whether a record was refused that a newer catalog may allow.
func (q *remoteQueue) doubtful() bool {
	for _, b := range q.batches {
		for _, r := range b.refused {
			if r.decoding && mayFit(r.err) {
				return true
			}
		}
	}
	return false
}

// giveUp ends what is under way; nothing of it counts.
func (q *remoteQueue) giveUp() {
	q.void = true
	for _, b := range q.batches {
		if b.cancel != nil {
			b.cancel()
		}
	}
}
