package consumer

import (
	"math/bits"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// slabs is the memory that a reader's records are decoded into, one slab for
// each batch of the log. Without it kgo makes 180 bytes with pointers for each
// record, which the collector has to clear, to follow and to take back.
//
// The client asks for a slab when it decodes a batch ([slabs.GetRecords]); who
// polled the records gives them back when it is done with them ([slabs.reclaim]),
// which recognises whole slabs among them. kgo's own way back, Record.Recycle,
// costs a third of making the record: it looks up a context, clears and counts
// one record at a time. Here a batch costs two look-ups and one clearing.
//
// A slab whose records are not all polled (its first offsets were not asked for,
// its partition was given up) is not recognised, is forgotten after a while and
// left to the collector. Giving back is never a duty.
//
// The records' keys and values lie in the fetch's buffer, which is not pooled:
// they may be kept.
type slabs struct {
	mu   sync.Mutex // guards all below: the client decodes on goroutines of its own
	free [maxSlabClass + 1][][]kgo.Record
	held int // records of free
	most int // of which as many are kept at most
	// lent are the slabs that were handed out, by their first record: the
	// younger and, of the turn before, the older ones.
	lent, older map[*kgo.Record][]kgo.Record
	polls       int
}

const (
	// maxSlabClass is the size of the largest slabs that are kept, as a power of
	// two: more records than a batch of a megabyte usually has.
	maxSlabClass = 16
	// slabTurn is after how many polls slabs that did not come back are
	// forgotten: twice as many at most.
	slabTurn = 256
)

// newSlabs makes slabs of which as many as most records are kept for later.
func newSlabs(most int) *slabs { return &slabs{most: most, lent: map[*kgo.Record][]kgo.Record{}} }

// GetRecords returns n records to decode into; it is kgo's [kgo.PoolRecords].
func (s *slabs) GetRecords(n int) []kgo.Record {
	class := bits.Len(uint(max(n, 1) - 1))
	if class > maxSlabClass {
		return make([]kgo.Record, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var slab []kgo.Record
	if free := s.free[class]; len(free) > 0 {
		slab = free[len(free)-1]
		s.free[class] = free[:len(free)-1]
		s.held -= cap(slab)
	} else {
		slab = make([]kgo.Record, 1<<class)
	}
	slab = slab[:max(n, 1)]
	s.lent[&slab[0]] = slab
	return slab
}

// PutRecords takes back a slab none of whose records anybody gets: those of an
// aborted transaction. The client has cleared it.
func (s *slabs) PutRecords(slab []kgo.Record) {
	if len(slab) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.take(&slab[0]) != nil {
		s.keep(slab)
	}
}

// reclaim takes back what was polled of one partition, when nobody refers to the
// records any more. rest are the records of the poll before whose slab was
// polled in part; it returns the same for the next poll.
func (s *slabs) reclaim(rest partSlab, records []*kgo.Record) partSlab {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(records) > 0 {
		if rest.slab == nil {
			rest.slab = s.take(records[0])
			if rest.slab == nil { // not ours, or not from its start
				records = records[1:]
				continue
			}
		}
		n := min(len(rest.slab)-rest.polled, len(records))
		if records[n-1] != &rest.slab[rest.polled+n-1] { // some were left out
			rest = partSlab{}
			records = records[1:]
			continue
		}
		rest.polled += n
		records = records[n:]
		if rest.polled == len(rest.slab) {
			clear(rest.slab)
			s.keep(rest.slab)
			rest = partSlab{}
		}
	}
	return rest
}

// partSlab is a slab of which some records have been polled and others not yet.
type partSlab struct {
	slab   []kgo.Record
	polled int
}

// take returns the slab that begins with r, nil where none is known that does.
func (s *slabs) take(r *kgo.Record) []kgo.Record {
	slab := s.lent[r]
	if slab == nil {
		slab = s.older[r]
	}
	delete(s.lent, r)
	delete(s.older, r)
	return slab
}

// keep puts a cleared slab by for later.
func (s *slabs) keep(slab []kgo.Record) {
	if s.held+cap(slab) > s.most {
		return
	}
	class := bits.Len(uint(cap(slab) - 1))
	s.free[class] = append(s.free[class], slab)
	s.held += cap(slab)
}

// turn counts a poll and forgets, from time to time, what has not come back.
func (s *slabs) turn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.polls++; s.polls%slabTurn == 0 {
		s.older, s.lent = s.lent, map[*kgo.Record][]kgo.Record{}
	}
}
