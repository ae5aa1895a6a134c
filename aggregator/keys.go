package aggregator

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// A group's key is compared as a few words, which each of its values has some of:
//
//	bool, int2/4/8, date, timestamp[tz], time   the value; NULL as nullInt
//	float4, float8                        the bits; NULL as nullFloat, which no value has
//	interval                              the 128 bits of its length; NULL as nullSpan, which none has
//	text of up to 15 bytes                the bytes with zeros behind them, and the length in the last one;
//	                                      so are bytea and labels of enums
//	longer text                           a hash of 64 bits and longText
//	uuid                                  its two halves; NULL as nullInt and 0
//	numeric and all others                a hash of 64 bits of its canonical form
//
// Equal values have equal words. Where equal words may be those of different
// values (nullInt, longText, numerics) the row is in doubt, and the values
// themselves are compared.
//
// The words stay in the table, and so do their hashes. What leaves it, the
// GroupHash, is computed from the canonical key once a group and not once a row.
const (
	nullInt   = 0x8ebc6af09c88c6e3
	nullFloat = 0x7FF8000000000002
	nullSpan  = 1 << 63
	longText  = 16 << 56
	nullText  = 17 << 56
)

// widthOf returns how many words a key has.
func widthOf(t datum.Type) int {
	if isText(t) || t == datum.UUID || t.Physical() == datum.PhysInterval {
		return 2
	}
	return 1
}

// isText reports whether values are equal where their bytes are, of whatever length.
func isText(t datum.Type) bool { return t == datum.Text || t == datum.Bytea || t == datum.Enum }

// keyWords are the words of some rows' keys, row by row.
type keyWords struct {
	// within says of each key whether the rows are grouped by it, nil of all. The
	// others are NULL in every row, which the number of the grouping set says
	// already: their words are 0 and there is no doubt.
	within []bool
	width  int
	words  []uint64
	doubt  []bool // by row, where doubts is set
	doubts bool
	key    []byte // of a value whose word is a hash
}

func (k *keyWords) of(i int) []uint64 { return k.words[i*k.width : (i+1)*k.width] }

// fill makes the words of the given rows, chunk at most.
func (k *keyWords) fill(keys []*column.Vector, rows []int32) {
	if k.doubts {
		clear(k.doubt)
		k.doubts = false
	}
	at := 0
	for i, v := range keys {
		switch words := k.words[at:]; {
		case k.within != nil && !k.within[i]:
			k.fillNothing(words, widthOf(v.Type), len(rows))
		case isText(v.Type):
			k.fillTexts(words, v, rows)
		case v.Type.Physical() == datum.PhysInt:
			k.fillInts(words, v, rows)
		case v.Type == datum.UUID:
			k.fillUUIDs(words, v, rows)
		default:
			k.fillOthers(words, v, rows)
		}
		at += widthOf(v.Type)
	}
}

func (k *keyWords) doubtful(i int) { k.doubt[i], k.doubts = true, true }

func (k *keyWords) fillNothing(words []uint64, of, rows int) {
	for i := range rows {
		clear(words[i*k.width : i*k.width+of])
	}
}

func (k *keyWords) fillInts(words []uint64, v *column.Vector, rows []int32) {
	width, values := k.width, v.Ints
	nulls := v.HasNulls()
	for i, r := range rows {
		x := uint64(values[r])
		if nulls && !v.Valid.Get(int(r)) {
			x = nullInt
		}
		if x == nullInt {
			k.doubtful(i)
		}
		words[i*width] = x
	}
}

func (k *keyWords) fillTexts(words []uint64, v *column.Vector, rows []int32) {
	width, slices, arena := k.width, v.Slices, v.Arena
	nulls := v.HasNulls()
	for i, r := range rows {
		w := words[i*width:]
		_ = w[1]
		if nulls && !v.Valid.Get(int(r)) {
			w[0], w[1] = 0, nullText
			continue
		}
		s := slices[r]
		b := arena[s.Off : s.Off+s.Len]
		switch n := uint64(len(b)); {
		case n >= 8 && n <= 15:
			w[0] = binary.LittleEndian.Uint64(b)
			w[1] = binary.LittleEndian.Uint64(b[n-8:])>>(8*(16-n)) | n<<56
		case n < 8:
			var first [8]byte
			copy(first[:], b)
			w[0], w[1] = binary.LittleEndian.Uint64(first[:]), n<<56
		default:
			w[0], w[1] = hashBytes(b), longText
			k.doubtful(i)
		}
	}
}

func (k *keyWords) fillUUIDs(words []uint64, v *column.Vector, rows []int32) {
	for i, r := range rows {
		w := words[i*k.width:]
		if w[0], w[1] = nullInt, 0; v.Valid.Get(int(r)) {
			u := v.Bytes(int(r))
			w[0], w[1] = binary.BigEndian.Uint64(u), binary.BigEndian.Uint64(u[8:])
		}
		if w[0] == nullInt {
			k.doubtful(i)
		}
	}
}

func (k *keyWords) fillOthers(words []uint64, v *column.Vector, rows []int32) {
	for i, r := range rows {
		w, null := words[i*k.width:], v.IsNull(int(r))
		switch v.Type.Physical() {
		case datum.PhysFloat:
			if w[0] = nullFloat; !null {
				w[0] = datum.KeyBits(v.Floats[r])
			}
		case datum.PhysInterval:
			if w[0], w[1] = nullSpan, 0; !null {
				hi, lo := v.Spans[r].CanonicalMicros()
				w[0], w[1] = uint64(hi), lo
			}
		default:
			if w[0] = nullInt; !null {
				k.key = datum.AppendKeyBytes(k.key[:0], v.Type, v.Bytes(int(r)))
				w[0] = hashBytes(k.key)
			}
			k.doubtful(i)
		}
	}
}

// The mixing is that of wyhash (public domain, Wang Yi): the halves of a product
// of 128 bits, one on the other.
const (
	mixSeed  = 0xa0761d6478bd642f
	mixWord  = 0xe7037ed1a0b428db
	mixFinal = 0x589965cc75374cc3
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hash sets hashes[i] to the hash of row i's words.
func (k *keyWords) hash(hashes []uint64) {
	words := k.words
	switch k.width {
	case 1:
		words = words[:len(hashes)]
		for i := range hashes {
			hashes[i] = hashOne(words[i])
		}
	case 2:
		words = words[:2*len(hashes)]
		for i := range hashes {
			hashes[i] = hashTwo(words[2*i], words[2*i+1])
		}
	case 3:
		words = words[:3*len(hashes)]
		for i := range hashes {
			hashes[i] = hashThree(words[3*i], words[3*i+1], words[3*i+2])
		}
	default:
		for i := range hashes {
			hashes[i] = hashWords(k.of(i))
		}
	}
}

func hashOne(w uint64) uint64 { return mix(w^mixWord, mixSeed) }

func hashTwo(v, w uint64) uint64 { return mix(mix(v^mixWord, w^mixSeed), mixFinal) }

func hashThree(u, v, w uint64) uint64 {
	return mix(mix(mix(u^mixWord, mixSeed)^v^mixWord, w^mixSeed), mixFinal)
}

// hashWords is hash for one row.
func hashWords(words []uint64) uint64 {
	switch len(words) {
	case 1:
		return hashOne(words[0])
	case 2:
		return hashTwo(words[0], words[1])
	case 3:
		return hashThree(words[0], words[1], words[2])
	}
	h := uint64(mixSeed)
	for _, w := range words {
		h = mix(w^mixWord, h)
	}
	return mix(h, mixFinal)
}

// hashBytes is for values that are longer than their words.
func hashBytes(b []byte) uint64 {
	h, n := mix(uint64(len(b))^mixWord, mixSeed), len(b)
	if n < 16 {
		var all [16]byte
		copy(all[:], b)
		b = all[:]
	} else {
		for rest := b; len(rest) > 16; rest = rest[16:] {
			h = mix(binary.LittleEndian.Uint64(rest)^mixWord, binary.LittleEndian.Uint64(rest[8:])^h)
		}
		b = b[n-16:] // of which the loop may have seen some
	}
	return mix(mix(binary.LittleEndian.Uint64(b)^mixWord, binary.LittleEndian.Uint64(b[8:])^h), mixFinal)
}

// dismiss sets found[i] to 0 where the words of group found[i]-1, the first of
// its row of stride words, are not row i's.
func (k *keyWords) dismiss(stored []uint64, stride int, found []uint32) {
	words := k.words
	switch k.width {
	case 1:
		words = words[:len(found)]
		for i, g := range found {
			if g != 0 && stored[int(g-1)*stride] != words[i] {
				found[i] = 0
			}
		}
	case 2:
		words = words[:2*len(found)]
		for i, g := range found {
			if g == 0 {
				continue
			}
			s := stored[int(g-1)*stride:]
			_ = s[1]
			if s[0] != words[2*i] || s[1] != words[2*i+1] {
				found[i] = 0
			}
		}
	case 3:
		words = words[:3*len(found)]
		for i, g := range found {
			if g == 0 {
				continue
			}
			s := stored[int(g-1)*stride:]
			_ = s[2]
			if s[0] != words[3*i] || s[1] != words[3*i+1] || s[2] != words[3*i+2] {
				found[i] = 0
			}
		}
	default:
		for i, g := range found {
			if g != 0 && !sameWords(stored[int(g-1)*stride:], k.of(i)) {
				found[i] = 0
			}
		}
	}
}

// dismissTexts compares the texts that are longer than their words, which stand
// at a place of each row's. They are texts on both sides, since the words are equal.
func (k *keyWords) dismissTexts(at int, stored, v *column.Vector, rows []int32, found []uint32) {
	for i, r := range rows {
		g := found[i]
		if g == 0 || k.words[i*k.width+at+1] != longText {
			continue
		}
		a, b := stored.Slices[g-1], v.Slices[r]
		if string(stored.Arena[a.Off:a.Off+a.Len]) != string(v.Arena[b.Off:b.Off+b.Len]) {
			found[i] = 0
		}
	}
}

func (k *keyWords) dismissOthers(stored, v *column.Vector, rows []int32, found []uint32) {
	for i, r := range rows {
		if g := found[i]; g != 0 && k.doubt[i] && !sameValue(stored, int(g-1), v, int(r)) {
			found[i] = 0
		}
	}
}

// sameWords reports whether a row begins with the given words.
func sameWords(row, words []uint64) bool {
	for i, w := range words {
		if row[i] != w {
			return false
		}
	}
	return true
}

// sameValue reports whether two values have the same canonical key.
func sameValue(a *column.Vector, i int, b *column.Vector, j int) bool {
	if a.IsNull(i) || b.IsNull(j) {
		return a.IsNull(i) && b.IsNull(j)
	}
	switch a.Type.Physical() {
	case datum.PhysInt:
		return a.Ints[i] == b.Ints[j]
	case datum.PhysFloat:
		return datum.CompareFloat(a.Floats[i], b.Floats[j]) == 0
	case datum.PhysInterval:
		return a.Spans[i].Cmp(b.Spans[j]) == 0
	default:
		x, y := a.Bytes(i), b.Bytes(j)
		return bytes.Equal(x, y) || a.Type.Ordered() && datum.CompareValues(a.Type, x, y) == 0
	}
}

// appendKey appends the canonical encoding of one value.
func appendKey(dst []byte, v *column.Vector, row int32) []byte {
	if !v.Valid.Get(int(row)) {
		return datum.AppendKeyNull(dst)
	}
	switch v.Type.Physical() {
	case datum.PhysInt:
		return datum.AppendKeyInt(dst, v.Ints[row])
	case datum.PhysFloat:
		return datum.AppendKeyFloat(dst, v.Floats[row])
	case datum.PhysInterval:
		return datum.AppendKeySpan(dst, v.Spans[row])
	default:
		return datum.AppendKeyBytes(dst, v.Type, v.Bytes(int(row)))
	}
}
