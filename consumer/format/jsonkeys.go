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
// object: for each key how it went on behind its value the last two times.
// Producers write the same keys in the same order and with the same white space,
// so the guess is nearly always right, and a field that comes and goes costs a
// second look.
type keys struct {
	start   key // no key: the first one of a record follows it
	other   key // stands for all that are not learned
	byName  map[string]*key
	learned int // how many of byName are not wanted
	others  []string
}

// key is one known key.
type key struct {
	next   step // the guess for what follows the key's value
	target int  // the wanted field, -1 for none
	quick  quick
	before step // the guess before it
}

// step is the way from behind one value to the next one: white space, a comma
// (the opening brace before the first one), the key and its colon, such as
// `, "delay": `.
//
// Its first and last eight bytes are compared as words, so that most steps are
// two loads; mask is what a shorter text has of them.
type step struct {
	head, tail, mask uint64

	n    int    // the text's length
	last int    // where tail is in it
	text []byte // its memory is used again
	key  *key
}

func newKeys(targets []target) *keys {
	k := &keys{byName: make(map[string]*key, len(targets))}
	k.start.init(-1)
	k.other.init(-1)
	for i := range targets {
		t := &targets[i]
		if k.byName[t.Name] == nil { // of one name the first has the others as its twins
			k.byName[t.Name] = newKey(i)
			k.byName[t.Name].quick = t.quick
		}
	}
	return k
}

func newKey(target int) *key {
	k := new(key)
	k.init(target)
	return k
}

func (k *key) init(target int) {
	k.target = target
	k.next.unmeet()
	k.before.unmeet()
}

// unmeet makes a step that is found nowhere: no word is two different ones.
func (s *step) unmeet() { *s = step{tail: 1, mask: ^uint64(0), text: s.text[:0]} }

// follow notes that a text leads from a key's value to that of the key found.
func (k *key) follow(text []byte, found *key) {
	k.next, k.before = k.before, k.next
	s := &k.next
	if len(text) > maxKeyText {
		s.unmeet()
		return
	}
	s.text = append(s.text[:0], text...)
	s.key, s.n, s.last = found, len(text), max(len(text)-8, 0)
	var short [8]byte
	copy(short[:], text)
	s.head = binary.LittleEndian.Uint64(short[:])
	s.mask, s.tail = ^uint64(0), s.head
	if s.n >= 8 {
		s.tail = binary.LittleEndian.Uint64(text[s.last:])
	} else {
		s.mask = ^uint64(0) >> (64 - 8*s.n)
	}
}

// at reports whether the step's text stands at v[i], of which at least eight
// bytes are there.
func (s *step) at(v []byte, i int) bool {
	return i+s.last <= len(v)-8 &&
		((load(v, i)^s.head)|(load(v, i+s.last)^s.tail))&s.mask == 0 &&
		(s.n <= 16 || s.within(v, i))
}

// within compares what is between the first and the last eight bytes.
func (s *step) within(v []byte, i int) bool {
	return string(v[i+8:i+s.last]) == string(s.text[8:s.last])
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
	found := newKey(-1)
	k.byName[string(name)] = found
	return found
}
