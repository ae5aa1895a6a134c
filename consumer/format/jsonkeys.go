package format

import "encoding/binary"

const (
	// maxKeys is how many names of fields that are not wanted are learned, and
	// maxKeyText how long the text of a learned key is at most. Records whose
	// keys are data are decoded no faster for learning them all.
	maxKeys    = 256
	maxKeyText = 128

	// Of the fields that are not wanted, Seen names the first maxOthers among
	// the first othersRecords records.
	maxOthers     = 20
	othersRecords = 1000
)

// keys is what a decoder has learned about the keys of its records' outermost
// object: for each key its text, from its opening quote up to its value, and the
// key that followed it the last time. Producers write the same keys in the same
// order, so the guess is nearly always right, and fields that come and go cost
// one wrong guess each.
type keys struct {
	start   key // no key: the first one of a record follows it
	other   key // stands for all that are not learned
	byName  map[string]*key
	learned int // how many of byName are not wanted
	others  []string
}

// key is one known key.
type key struct {
	// head and tail are the first and the last eight bytes of text, mask those
	// of head that text has if it is shorter than that. Until the key was met
	// head has bits outside of mask, so that nothing equals it.
	head, mask, tail uint64

	text   string // such as `"delay": `; "" until it was met
	next   *key   // the guess for the key that follows
	target int    // the wanted field, -1 for none
}

func newKeys(fields []Field) *keys {
	k := &keys{byName: make(map[string]*key, len(fields))}
	k.start = key{head: 1, target: -1, next: &k.other}
	k.other = k.start
	for i, f := range fields {
		if k.byName[f.Name] == nil { // of one name the first has the others as its twins
			k.byName[f.Name] = &key{head: 1, target: i, next: &k.other}
		}
	}
	return k
}

// meet sets the text of a key.
func (k *key) meet(text string) {
	k.text = text
	head, n := [8]byte{}, min(len(text), 8)
	copy(head[:], text)
	k.head = binary.LittleEndian.Uint64(head[:])
	k.mask = ^uint64(0) >> (64 - 8*n)
	if len(text) >= 8 {
		k.tail = binary.LittleEndian.Uint64([]byte(text[len(text)-8:]))
	}
}

// at reports whether the key's text stands at v[i].
func (k *key) at(v []byte, i int) bool {
	n := len(k.text)
	if i+8 > len(v) {
		return n > 0 && n <= len(v)-i && string(v[i:i+n]) == k.text
	}
	if binary.LittleEndian.Uint64(v[i:])&k.mask != k.head {
		return false
	}
	return n <= 8 || n <= len(v)-i && binary.LittleEndian.Uint64(v[i+n-8:]) == k.tail &&
		(n <= 16 || string(v[i+8:i+n-8]) == k.text[8:n-8])
}

// findKey reads the key at v[i] that was not as guessed after the key prev, and
// learns from it. It returns the key and the place of its value or a fault;
// without a key there it is at fault for the reason given.
func (d *JSON) findKey(v []byte, i int, prev *key, why reason) (found *key, next int) {
	if i >= len(v) || v[i] != '"' {
		return nil, fault(why, i)
	}
	end, plain := scanString(v, i+1)
	if end < 0 {
		return nil, end
	}
	name := v[i+1 : end]
	if !plain {
		d.unescape = appendUnescaped(d.unescape[:0], name)
		name = d.unescape
	}
	next = skipSpace(v, end+1)
	if next >= len(v) || v[next] != ':' {
		return nil, fault(faultColon, next)
	}
	next = skipSpace(v, next+1)
	found, known := d.keys.byName[string(name)]
	if !known {
		found = d.keys.learn(name, d.records < othersRecords)
	}
	if found.text == "" && found != &d.keys.other && next-i <= maxKeyText {
		found.meet(string(v[i:next]))
	}
	prev.next = found
	return found, next
}

// learn adds a key that is not wanted, if there is room for it.
func (k *keys) learn(name []byte, early bool) *key {
	if k.learned == maxKeys || len(name) > maxKeyText {
		return &k.other
	}
	if early && len(k.others) < maxOthers {
		k.others = append(k.others, string(name))
	}
	k.learned++
	found := &key{head: 1, target: -1, next: &k.other}
	k.byName[string(name)] = found
	return found
}
