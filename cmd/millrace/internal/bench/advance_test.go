package bench

import (
	"testing"
	"time"

	"github.com/millrace/millrace/topology"
)

// A node that had shard 1 and input partition 1 of two each dies at 10 s. Its
// shard is folded elsewhere from 12 s on, its partition read from 13 s on.
func TestFigure(t *testing.T) {
	zero := time.Unix(1_700_000_000, 0)
	at := func(s float64) time.Time { return zero.Add(time.Duration(s * float64(time.Second))) }
	// move is seen at a time and holds events up to another.
	move := func(seen, newest float64) advance { return advance{at(seen), at(newest)} }
	h := history{
		{0, 0}: {move(9.5, 9), move(10.25, 10), move(10.5, 10.25), move(13.5, 13.25)},
		{1, 0}: {move(9.5, 9), move(12, 10.5), move(13.5, 13.25)},
		{0, 1}: {move(9.5, 9), move(10.125, 9.75), move(13, 10.5), move(13.5, 13.25)},
		{1, 1}: {move(9.5, 9), move(13.25, 12), move(13.5, 13.25)},
	}
	v := victim{shards: map[topology.ShardID]bool{1: true}, inputs: map[topology.Partition]bool{1: true}}
	got := h.figure(span{at(10), at(14)}, v)
	want := figures{
		UntilFolding: 2, UntilReading: 3, UntilAll: 3.25,
		StillFolding: 2.5, StillReading: 2.875, StillOthers: 3, StillAll: 3.75, Latency: 4.25,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// What never moves again has stood still to the end.
func TestFigureOfNothing(t *testing.T) {
	zero := time.Unix(1_700_000_000, 0)
	h := history{{0, 0}: {{zero.Add(-time.Second), zero.Add(-2 * time.Second)}}}
	got := h.figure(span{zero, zero.Add(3 * time.Second)}, victim{})
	if want := (figures{UntilAll: 3, StillOthers: 4, StillAll: 4}); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The observer keeps moves alone, and cuts out a span with the move before it.
func TestObserver(t *testing.T) {
	o := &observer{moves: history{}, at: map[pair]int64{}, shards: map[topology.ShardID]topology.Partition{}}
	zero := time.Unix(1_700_000_000, 0)
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	for i, to := range []int64{5, 5, 8, 8, 9, 12} {
		o.take(at(20*i), []seen{{Partition: 3, Shard: 1, Input: 2, To: to, Newest: at(to2ms(to)).UnixMilli()}})
	}
	o.take(at(300), []seen{{Partition: 3, Shard: 1, Input: 2, To: 13, Newest: at(290).UnixMilli()}})
	moves, blind := o.cut(span{at(70), at(120)})
	if got := moves[pair{1, 2}]; len(got) != 3 || !got[0].seen.Equal(at(40)) || !got[1].seen.Equal(at(80)) || !got[2].newest.Equal(at(to2ms(12))) {
		t.Errorf("cut out %v", got)
	}
	if blind != 200*time.Millisecond {
		t.Errorf("blind for %v", blind)
	}
	if pairs, oldest, err := o.newest(); pairs != 1 || !oldest.Equal(at(290)) || err != nil {
		t.Error(pairs, oldest, err)
	}
	if shards := o.shardsIn(map[topology.Partition]bool{3: true}); !shards[1] || len(shards) != 1 {
		t.Error(shards)
	}
}

func to2ms(offset int64) int { return int(offset) * 7 }
