package bench

import (
	"slices"
	"time"

	"github.com/millrace/millrace/topology"
)

// pair is one shard's view of one input partition: the smallest thing that can
// stand still.
type pair struct {
	shard topology.ShardID
	input topology.Partition
}

// advance is one moment at which a pair was seen to have moved.
type advance struct {
	seen time.Time
	// newest is when the newest event that it holds was made.
	newest time.Time
}

// span is the time in which a case is looked at. begin is when its harm was
// done.
type span struct{ begin, end time.Time }

// victim is what the node had to which the harm was done.
type victim struct {
	shards map[topology.ShardID]bool
	inputs map[topology.Partition]bool
}

// figures are what one repetition of a case comes to. All is measured in seconds
// from outside: by what the ledger in PostgreSQL says.
type figures struct {
	// Until an event that was made after the harm is in: the victim's shards
	// (of the others' input partitions), the victim's input partitions (in the
	// others' shards), and everything.
	UntilFolding, UntilReading, UntilAll float64
	// The longest time in which nothing moved: of a shard of the victim, of an
	// input partition of the victim, of the pairs that the victim had no part
	// in, and of any pair.
	StillFolding, StillReading, StillOthers, StillAll float64
	// Latency is the age that an event reached before it was in a row.
	Latency float64
	// Exit is how long an orderly stop took, Back how long after the harm was
	// undone all nodes had a share again and everything flowed, Blind how long the
	// observer itself looked away at most, Span how long was looked.
	Exit, Back, Blind, Span float64
}

// history is when each pair moved.
type history map[pair][]advance

// figure computes what a span comes to.
func (h history) figure(s span, v victim) figures {
	var f figures
	folding, reading := map[topology.ShardID][][]advance{}, map[topology.Partition][][]advance{}
	for p, moves := range h {
		switch shard, input := v.shards[p.shard], v.inputs[p.input]; {
		case shard && !input:
			folding[p.shard] = append(folding[p.shard], moves)
		case input && !shard:
			reading[p.input] = append(reading[p.input], moves)
		case !shard && !input:
			f.StillOthers = max(f.StillOthers, still(s, moves).Seconds())
		}
		f.UntilAll = max(f.UntilAll, until(s, moves).Seconds())
		f.StillAll = max(f.StillAll, still(s, moves).Seconds())
		f.Latency = max(f.Latency, latency(s, moves).Seconds())
	}
	f.UntilFolding, f.StillFolding = worst(s, folding)
	f.UntilReading, f.StillReading = worst(s, reading)
	return f
}

// worst returns how long the slowest of some things took to move on, and stood
// still. A thing has moved when any of its pairs has.
func worst[K comparable](s span, things map[K][][]advance) (moved, stood float64) {
	for _, pairs := range things {
		first := until(s, pairs[0])
		var all []advance
		for _, moves := range pairs {
			first = min(first, until(s, moves))
			all = append(all, moves...)
		}
		slices.SortFunc(all, func(a, b advance) int { return a.seen.Compare(b.seen) })
		moved, stood = max(moved, first.Seconds()), max(stood, still(s, all).Seconds())
	}
	return moved, stood
}

// until is how long after the harm an event was in that was made after it; the
// whole span where none was.
func until(s span, moves []advance) time.Duration {
	for _, a := range moves {
		if a.newest.After(s.begin) {
			return a.seen.Sub(s.begin)
		}
	}
	return s.end.Sub(s.begin)
}

// still is the longest time without a move that reaches into the span.
func still(s span, moves []advance) time.Duration {
	var longest time.Duration
	last := s.begin
	for _, a := range moves {
		if a.seen.After(s.begin) {
			longest = max(longest, a.seen.Sub(last))
		}
		last = a.seen
	}
	if last.Before(s.end) {
		longest = max(longest, s.end.Sub(last))
	}
	return longest
}

// latency is how old the oldest event of a move in the span was when it was
// seen: at most as old as the newest one of the move before.
func latency(s span, moves []advance) time.Duration {
	var longest time.Duration
	for i, a := range moves {
		if i > 0 && a.seen.After(s.begin) {
			longest = max(longest, a.seen.Sub(moves[i-1].newest))
		}
	}
	return longest
}
