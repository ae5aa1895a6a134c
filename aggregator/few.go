package aggregator

import "github.com/millrace/millrace/aggregator/column"

// Few groups are found without hash and slots: their keys of the last rows stand in a
// small array, at a place that one multiplication says. A row of 1 to 64 groups takes half of the
// time that the passes take for a key of one word, and two thirds for a text.
// Of more groups too many would share a place.
const (
	fewGroups  = 64
	fewPlaces  = 256
	fewPlaceOf = 64 - 8 // how far a product is shifted
)

// few holds keys of a table's round. It takes no memory in a table that always has
// more.
type few struct {
	round uint64
	keys  []fewKey
}

type fewKey struct {
	v, w uint64 // the key's words; w is 0 where it has one
	id   uint32 // of the group, plus 1; 0 for an empty place
}

// isFew reports whether the chunk at hand, whose words are there, is for assignFew.
func (t *table) isFew() bool {
	width := t.words.width
	return t.groups > 0 && t.groups <= fewGroups && (width == 1 || width == 2) && !t.words.doubts
}

// assignFew is assignChunk for few groups.
func (t *table) assignFew(keys []*column.Vector, rows []int32, groups []uint32) {
	if t.few.keys == nil {
		t.few.keys = make([]fewKey, fewPlaces)
	}
	if t.few.round != t.round {
		clear(t.few.keys)
		t.few.round = t.round
	}
	places := (*[fewPlaces]fewKey)(t.few.keys)
	if words := t.words.words; t.words.width == 1 {
		words = words[:len(rows)]
		for i, r := range rows {
			v := words[i]
			p := &places[v*mixSeed>>fewPlaceOf]
			if p.id == 0 || p.v != v {
				t.probes[i] = hashOne(v)
				*p = fewKey{v, 0, t.find(i, keys, r)}
			}
			groups[r] = p.id - 1
		}
	} else {
		words = words[:2*len(rows)]
		for i, r := range rows {
			v, w := words[2*i], words[2*i+1]
			p := &places[(v^w*mixWord)*mixSeed>>fewPlaceOf]
			if p.id == 0 || p.v != v || p.w != w {
				t.probes[i] = hashTwo(v, w)
				*p = fewKey{v, w, t.find(i, keys, r)}
			}
			groups[r] = p.id - 1
		}
	}
	t.settle(keys)
}
