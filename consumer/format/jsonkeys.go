package format

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
	all     []key
	byName  map[string]int32
	learned int // how many of all are not wanted
	others  []string
}

// key is one known key.
type key struct {
	text   string // such as `"delay": `; noText until it was met
	next   int32  // the guess for the key that follows, in all
	target int32  // the wanted field, -1 for none
}

// The first of the keys are not keys: keyStart is what the first key of a record
// follows, keyOther stands for all that are not learned.
const (
	keyStart = iota
	keyOther
)

// noText equals no key's text, which begins with a quote.
const noText = "\x00"

func newKeys(fields []Field) keys {
	k := keys{
		all:    []key{keyStart: {text: noText, target: -1}, keyOther: {text: noText, target: -1}},
		byName: make(map[string]int32, len(fields)),
	}
	for i, f := range fields {
		k.byName[f.Name] = int32(len(k.all))
		k.all = append(k.all, key{text: noText, target: int32(i)})
	}
	return k
}

// findKey reads the key at v[i] that was not as guessed after the key prev, and
// learns from it. It returns the key and the place of its value or a fault;
// without a key there it is at fault for the reason given.
func (d *JSON) findKey(v []byte, i int, prev int32, why reason) (found int32, next int) {
	if i >= len(v) || v[i] != '"' {
		return keyOther, fault(why, i)
	}
	end, plain := scanString(v, i+1)
	if end < 0 {
		return keyOther, end
	}
	name := v[i+1 : end]
	if !plain {
		d.unescape = appendUnescaped(d.unescape[:0], name)
		name = d.unescape
	}
	next = skipSpace(v, end+1)
	if next >= len(v) || v[next] != ':' {
		return keyOther, fault(faultColon, next)
	}
	next = skipSpace(v, next+1)
	found, known := d.keys.byName[string(name)]
	if !known {
		found = d.keys.learn(name, d.records < othersRecords)
	}
	if k := &d.keys.all[found]; k.text == noText && found != keyOther && next-i <= maxKeyText {
		k.text = string(v[i:next])
	}
	d.keys.all[prev].next = found
	return found, next
}

// learn adds a key that is not wanted, if there is room for it.
func (k *keys) learn(name []byte, early bool) int32 {
	if k.learned == maxKeys || len(name) > maxKeyText {
		return keyOther
	}
	if early && len(k.others) < maxOthers {
		k.others = append(k.others, string(name))
	}
	k.learned++
	found := int32(len(k.all))
	k.byName[string(name)] = found
	k.all = append(k.all, key{text: noText, target: -1})
	return found
}
