package format

// scanValue walks over any value at v[i].
func scanValue(v []byte, i int) int {
	if i < len(v) && v[i]|0x20 == '{' { // or [
		return scanNested(v, i)
	}
	return scanScalar(v, i)
}

// nesting is which of the open brackets are objects, a bit each: the bit of the
// innermost is depth.
type nesting struct {
	depth   int
	objects [(MaxDepth + 63) / 64]uint64
}

func (n *nesting) push(object bool) {
	n.depth++
	word, bit := n.depth>>6, uint64(1)<<(n.depth&63)
	n.objects[word] &^= bit
	if object {
		n.objects[word] |= bit
	}
}

func (n *nesting) inObject() bool { return n.objects[n.depth>>6]&(1<<(n.depth&63)) != 0 }

// scanNested walks over the object or array at v[i], a value of the record's
// outermost object.
func scanNested(v []byte, i int) int {
	var n nesting
	for {
		i = skipSpace(v, i)
		if i < len(v) && v[i]|0x20 == '{' { // or [
			var empty bool
			if i, empty = n.open(v, i); i < 0 {
				return i
			}
			if !empty {
				continue
			}
		} else if end := scanShort(v, i); end > 0 {
			i = end
		} else if i = scanScalar(v, i); i < 0 {
			return i
		}
		if i < len(v) && v[i] == ',' && n.depth > 0 && !n.inObject() {
			i++
			continue
		}
		if i = n.afterValue(v, i); i < 0 || n.depth == 0 {
			return i
		}
	}
}

// open walks into the bracket at v[i]: over an object's first key, to an
// array's first value, or over the closing bracket where it is empty.
func (n *nesting) open(v []byte, i int) (next int, empty bool) {
	if n.depth+2 > MaxDepth { // the record's object and this one
		return fault(faultDeep, i), false
	}
	object := v[i] == '{'
	i = skipSpace(v, i+1)
	switch {
	case object && i < len(v) && v[i] == '}', !object && i < len(v) && v[i] == ']':
		return i + 1, true
	case object:
		i = scanKey(v, i, faultKeyOrBrace)
	}
	n.push(object)
	return i, false
}

// afterValue walks from behind a value to the next one, over the brackets that
// close in between; with depth 0 it is behind the outermost.
func (n *nesting) afterValue(v []byte, i int) int {
	for n.depth > 0 {
		i = skipSpace(v, i)
		object := n.inObject()
		switch {
		case i < len(v) && v[i] == ',':
			if object {
				return scanKey(v, skipSpace(v, i+1), faultKey)
			}
			return i + 1
		case object && i < len(v) && v[i] == '}', !object && i < len(v) && v[i] == ']':
			n.depth--
			i++
		case object:
			return fault(faultCommaOrBrace, i)
		default:
			return fault(faultCommaOrBracket, i)
		}
	}
	return i
}

// scanKey walks over a key and its colon; without a quote at v[i] it is at fault
// for the reason given.
func scanKey(v []byte, i int, why reason) int {
	if i >= len(v) || v[i] != '"' {
		return fault(why, i)
	}
	end, _ := scanString(v, i+1)
	if end < 0 {
		return end
	}
	i = skipSpace(v, end+1)
	if i >= len(v) || v[i] != ':' {
		return fault(faultColon, i)
	}
	return i + 1
}
