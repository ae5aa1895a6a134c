package datum

import (
	"bytes"
	"cmp"
	"slices"
)

// JSONBParser makes of JSON texts what jsonb_out prints of them, which is how
// jsonb stands in vectors: one blank behind each colon and comma, keys in order of
// their length and bytes and the last of each alone, strings without needless
// escapes, numbers as numeric prints them. Its memory is used again.
type JSONBParser struct {
	l     jsonLexer
	out   []byte
	pairs []jsonbPair // of the objects that are open
	keys  []byte      // their keys, unescaped
	spare []byte
}

// jsonbPair is a pair of an object: where its key stands in keys and all of it in out.
type jsonbPair struct{ key, keyEnd, start, end int }

// AppendJSONB appends the jsonb that a JSON text means.
func AppendJSONB(dst, s []byte) ([]byte, *Error) {
	var p JSONBParser
	return p.Append(dst, s)
}

// Append appends the jsonb that a JSON text means.
func (p *JSONBParser) Append(dst, s []byte) ([]byte, *Error) {
	p.l = jsonLexer{s: s, decode: true}
	p.out, p.pairs, p.keys = dst, p.pairs[:0], p.keys[:0]
	err := p.l.next()
	if err == nil {
		err = p.value(MaxJSONDepth)
	}
	if err == nil && p.l.kind != jsonEnd {
		err = p.l.expected("end of input")
	}
	out := p.out
	p.out, p.l.s = nil, nil // they are the caller's
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (p *JSONBParser) value(depth int) *Error {
	token := p.l.s[p.l.start:p.l.end]
	switch p.l.kind {
	case jsonString:
		p.string(token)
	case jsonNumber:
		if err := p.number(token); err != nil {
			return err
		}
	case jsonTrue, jsonFalse, jsonNull:
		p.out = append(p.out, token...)
	case '[', '{':
		if depth == 0 {
			return errJSONDepth()
		}
		if p.l.kind == '{' {
			return p.object(depth - 1)
		}
		return p.array(depth - 1)
	default:
		return p.l.expected("JSON value")
	}
	return p.l.next()
}

// string appends a string in quotes.
func (p *JSONBParser) string(token []byte) {
	if !p.l.escapes {
		p.out = append(p.out, token...)
		return
	}
	p.spare = AppendJSONUnescaped(p.spare[:0], token[1:len(token)-1])
	p.out = AppendJSONString(p.out, p.spare)
}

// plainNumber is how long a number without an exponent is printed as it came.
const plainNumber = 1000

func (p *JSONBParser) number(token []byte) *Error {
	if len(token) < plainNumber && !bytes.ContainsAny(token, "eE") {
		if token[0] == '-' && len(bytes.Trim(token[1:], "0.")) == 0 {
			token = token[1:] // no numeric is below zero by its sign alone
		}
		p.out = append(p.out, token...)
		return nil
	}
	d, err := ParseDecimal(token)
	if err != nil {
		return err
	}
	p.out = d.AppendText(p.out)
	return nil
}

func (p *JSONBParser) array(depth int) *Error {
	p.out = append(p.out, '[')
	empty, err := p.l.open()
	for first := true; !empty && err == nil; empty, err = p.l.more('[') {
		if !first {
			p.out = append(p.out, ", "...)
		}
		first = false
		if err = p.value(depth); err != nil {
			return err
		}
	}
	p.out = append(p.out, ']')
	return err
}

func (p *JSONBParser) object(depth int) *Error {
	p.out = append(p.out, '{')
	outer, keys, start := len(p.pairs), len(p.keys), len(p.out)
	empty, err := p.l.open()
	for ; !empty && err == nil; empty, err = p.l.more('{') {
		if len(p.pairs) > outer {
			p.out = append(p.out, ", "...)
		}
		pair := jsonbPair{key: len(p.keys), start: len(p.out)}
		token := p.l.s[p.l.start:p.l.end]
		p.keys = AppendJSONUnescaped(p.keys, token[1:len(token)-1])
		pair.keyEnd = len(p.keys)
		p.string(token)
		p.out = append(p.out, ": "...)
		if err = p.l.colon(); err != nil {
			return err
		}
		if err = p.value(depth); err != nil {
			return err
		}
		pair.end = len(p.out)
		p.pairs = append(p.pairs, pair)
	}
	p.sort(p.pairs[outer:], start)
	p.pairs, p.keys = p.pairs[:outer], p.keys[:keys]
	p.out = append(p.out, '}')
	return err
}

// sort puts an object's pairs, which stand from out[start] on, in their order.
func (p *JSONBParser) sort(pairs []jsonbPair, start int) {
	sorted := true
	for i := 1; i < len(pairs) && sorted; i++ {
		sorted = p.compareKeys(pairs[i-1], pairs[i]) < 0
	}
	if sorted {
		return
	}
	slices.SortStableFunc(pairs, p.compareKeys)
	p.spare = append(p.spare[:0], p.out[start:]...)
	p.out = p.out[:start]
	for i, pair := range pairs {
		if i+1 < len(pairs) && p.compareKeys(pair, pairs[i+1]) == 0 {
			continue
		}
		if len(p.out) > start {
			p.out = append(p.out, ", "...)
		}
		p.out = append(p.out, p.spare[pair.start-start:pair.end-start]...)
	}
}

func (p *JSONBParser) compareKeys(a, b jsonbPair) int {
	if c := cmp.Compare(a.keyEnd-a.key, b.keyEnd-b.key); c != 0 {
		return c
	}
	return bytes.Compare(p.keys[a.key:a.keyEnd], p.keys[b.key:b.keyEnd])
}
