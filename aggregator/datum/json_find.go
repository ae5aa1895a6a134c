package datum

import (
	"bytes"
	"math"
)

// JSONPath looks values up in json and jsonb, like the operators ->, ->>, #> and
// #>>. Its memory is used again; the zero value is ready.
type JSONPath struct {
	steps   []jsonStep
	scratch []byte

	// of a search in json
	l        jsonLexer
	prev     int // where the token before the current one ended
	found    bool
	from, to int
}

// jsonStep is one step down: a key of objects, an index of arrays, or both.
type jsonStep struct {
	key   []byte
	keyed bool
	index int64 // noIndex for none
}

const noIndex = math.MinInt32

// Key makes the path a single key of an object.
func (p *JSONPath) Key(key []byte) {
	p.steps = append(p.steps[:0], jsonStep{key: key, keyed: true, index: noIndex})
}

// Index makes the path a single place in an array, counted from its end where it
// is negative.
func (p *JSONPath) Index(index int64) {
	p.steps = append(p.steps[:0], jsonStep{index: index})
}

// Keys makes the path that of an array of texts, whose members are keys of objects
// and places in arrays; ok is false where one of them is NULL. The path points
// into the array.
func (p *JSONPath) Keys(path Array) (ok bool) {
	p.steps = p.steps[:0]
	for e := path.Elements(); ; {
		key, null, more := e.Next()
		if !more {
			return true
		}
		if null {
			return false
		}
		p.steps = append(p.steps, jsonStep{key, true, stepIndex(key)})
	}
}

// stepIndex reads a text as C's strtol does, noIndex where it is not an int as a whole.
func stepIndex(text []byte) int64 {
	digits := text
	for len(digits) > 0 && isSpace(digits[0]) {
		digits = digits[1:]
	}
	if len(digits) == 0 || isSpace(digits[len(digits)-1]) {
		return noIndex
	}
	n, err := ParseInt(digits, Int4)
	if err != nil {
		return noIndex
	}
	return n
}

// JSON finds the value that the path leads to in a json, of several the last one,
// as it stands there. The whole text is read, whose escapes must stand for
// characters.
func (p *JSONPath) JSON(v []byte) (value []byte, ok bool, _ *Error) {
	p.l, p.prev, p.found, p.from, p.to = jsonLexer{s: v, decode: true}, 0, false, 0, 0
	if err := p.l.next(); err != nil {
		return nil, false, err
	}
	scalar := p.l.kind != '{' && p.l.kind != '['
	if err := p.value(0, true); err != nil {
		return nil, false, err
	}
	if len(p.steps) == 0 && scalar {
		p.from = 0 // PostgreSQL keeps the space before it
	}
	return v[p.from:p.to:p.to], p.found, nil
}

func (p *JSONPath) next() *Error {
	p.prev = p.l.end
	return p.l.next()
}

// value reads the value that begins with the current token, and the token behind;
// onPath says that the path's first level steps lead there.
func (p *JSONPath) value(level int, onPath bool) *Error {
	wanted := onPath && level == len(p.steps)
	start, open := p.l.start, p.l.kind
	if err := p.next(); err != nil {
		return err
	}
	if open == '{' || open == '[' {
		if err := p.container(level, onPath && !wanted, open, start); err != nil {
			return err
		}
	}
	if wanted {
		p.found, p.from, p.to = true, start, p.prev
	}
	return nil
}

// container reads what stands behind an opening bracket, and the token behind the
// closing one.
func (p *JSONPath) container(level int, onPath bool, open byte, start int) *Error {
	index := int64(noIndex)
	if onPath && open == '[' {
		if index = p.steps[level].index; index < 0 && index != noIndex {
			index += jsonLength(p.l.s, start)
		}
	}
	for i := int64(0); p.l.kind != ']' && p.l.kind != '}'; i++ {
		match := onPath && open == '[' && i == index
		if open == '{' {
			match = onPath && p.steps[level].keyed && p.isKey(p.l.s[p.l.start:p.l.end], p.steps[level].key)
			if err := p.next(); err != nil { // the colon
				return err
			}
			if err := p.next(); err != nil {
				return err
			}
		}
		if err := p.value(level+1, match); err != nil {
			return err
		}
		if p.l.kind == ',' {
			if err := p.next(); err != nil {
				return err
			}
		}
	}
	return p.next()
}

// isKey compares a JSON string with a text.
func (p *JSONPath) isKey(quoted, key []byte) bool {
	inside := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return bytes.Equal(inside, key)
	}
	p.scratch = AppendJSONUnescaped(p.scratch[:0], inside)
	return bytes.Equal(p.scratch, key)
}

// jsonLength counts the elements of the array that begins at a place.
func jsonLength(v []byte, at int) int64 {
	l := jsonLexer{s: v, end: at}
	n, depth := int64(0), 0
	before := byte(0)
	for {
		if l.next() != nil || l.kind == jsonEnd {
			return n
		}
		switch {
		case depth == 1 && before == '[' && l.kind != ']', depth == 1 && l.kind == ',':
			n++
		}
		switch l.kind {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return n
			}
		}
		before = 0
		if depth == 1 && n == 0 {
			before = '['
		}
	}
}

// JSONB finds the value that the path leads to in a jsonb.
func (p *JSONPath) JSONB(v []byte) (value []byte, ok bool) {
	for _, step := range p.steps {
		switch v[0] {
		case '{':
			if !step.keyed {
				return nil, false
			}
			if v = p.jsonbField(v, step.key); v == nil {
				return nil, false
			}
		case '[':
			index := step.index
			if index < 0 && index != noIndex {
				index += int64(jsonbCount(v))
			}
			if index < 0 {
				return nil, false
			}
			if v = jsonbElement(v, index); v == nil {
				return nil, false
			}
		default:
			// To -> and ->> with a number, a value that is no container is an array of one.
			if step.keyed || step.index != 0 && step.index != -1 {
				return nil, false
			}
		}
	}
	return v, true
}

// jsonbField returns the value of a key, nil for none.
func (p *JSONPath) jsonbField(v, key []byte) []byte {
	for i := 1; i < len(v)-1; {
		end := jsonbSkip(v, i)
		from := end + 2
		to := jsonbSkip(v, from)
		if p.isKey(v[i:end], key) {
			return v[from:to:to]
		}
		i = to + 2
	}
	return nil
}

func jsonbElement(v []byte, index int64) []byte {
	for i := 1; i < len(v)-1; index-- {
		end := jsonbSkip(v, i)
		if index == 0 {
			return v[i:end:end]
		}
		i = end + 2
	}
	return nil
}

// AppendJSONText appends a value of json or jsonb as ->> gives it: a string without
// its quotes; ok is false, for NULL, where it is null.
func AppendJSONText(dst, value []byte) (_ []byte, ok bool) {
	switch trimmed := bytes.Trim(value, " \t\r\n"); {
	case string(trimmed) == "null":
		return dst, false
	case trimmed[0] == '"':
		return AppendJSONUnescaped(dst, trimmed[1:len(trimmed)-1]), true
	}
	return append(dst, value...), true
}

// JSONType is json_typeof and jsonb_typeof.
func JSONType(v []byte) string {
	for len(v) > 0 && isJSONSpace(v[0]) {
		v = v[1:]
	}
	switch jsonbKind(v) {
	case '{':
		return "object"
	case '[':
		return "array"
	case jsonString:
		return "string"
	case jsonTrue, jsonFalse:
		return "boolean"
	case jsonNull:
		return "null"
	}
	return "number"
}

// JSONLength is json_array_length and jsonb_array_length.
func JSONLength(v []byte) (int64, *Error) {
	switch JSONType(v) {
	case "array":
		return jsonLength(v, 0), nil
	case "object":
		return 0, Errorf(CodeInvalidParameter, "cannot get array length of a non-array")
	}
	return 0, Errorf(CodeInvalidParameter, "cannot get array length of a scalar")
}
