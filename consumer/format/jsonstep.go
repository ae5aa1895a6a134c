package format

import "github.com/millrace/millrace/aggregator/datum"

// The slow way from one value of a record's outermost object to the next: where
// the record begins or ends, and where a key follows that was not guessed.

// first reads the beginning of a record up to its first value.
func (d *JSON) first(v []byte) (found *key, i int) {
	if len(v) >= 3 && v[0] == 0xEF && v[1] == 0xBB && v[2] == 0xBF {
		i = 3
	}
	i = skipSpace(v, i)
	if i >= len(v) || v[i] != '{' {
		return nil, 0
	}
	i = skipSpace(v, i+1)
	if i < len(v) && v[i] == '}' {
		return nil, trailing(v, i+1)
	}
	return d.key(v, 0, i, &d.keys.start, faultKeyOrBrace)
}

// step goes on behind the value of the key prev, which ends before v[i], and
// returns the next key and the place of its value; without a key that is the
// end of the record, 0 if it does not begin as an object, or a fault.
func (d *JSON) step(v []byte, i int, prev *key) (found *key, next int) {
	start := prev == &d.keys.start
	if i+1 == len(v) && v[i] == '}' && !start {
		return nil, len(v)
	}
	if s := &prev.before; s.at(v, i) {
		return s.key, i + s.n
	}
	if start {
		return d.first(v)
	}
	from := i
	i = skipSpace(v, i)
	if i < len(v) && v[i] == '}' {
		return nil, trailing(v, i+1)
	}
	if i >= len(v) || v[i] != ',' {
		return nil, fault(faultCommaOrBrace, i)
	}
	return d.key(v, from, skipSpace(v, i+1), prev, faultKey)
}

// key reads the key at v[i], to which the step behind prev led from v[from] on,
// and learns from it. Without a key there it is at fault for the reason given.
func (d *JSON) key(v []byte, from, i int, prev *key, why reason) (found *key, next int) {
	if i >= len(v) || v[i] != '"' {
		return nil, fault(why, i)
	}
	end, plain := scanString(v, i+1)
	if end < 0 {
		return nil, end
	}
	name := v[i+1 : end]
	if !plain {
		d.unescape = datum.AppendJSONUnescaped(d.unescape[:0], name)
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
	prev.follow(v[from:next], found)
	return found, next
}

// trailing checks that nothing but white space follows.
func trailing(v []byte, i int) int {
	if i = skipSpace(v, i); i < len(v) {
		return fault(faultTrailing, i)
	}
	return i
}
