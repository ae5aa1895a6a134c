package datum

import "math"

// arrayParser reads array literals as array_in of PostgreSQL 15 does: first the
// braces (its ArrayCount), then the elements.
type arrayParser struct {
	text    []byte
	i       int
	state   arrayState
	quoted  bool // within quotes
	level   int
	dims    int
	deep    int // the level at which the elements stand, 0 so far
	counts  [MaxDimensions]int32
	nelems  [MaxDimensions + 1]int32 // of the open braces
	last    [MaxDimensions + 1]int32 // of the braces closed before at the level
	lowers  [MaxDimensions]int32
	given   [MaxDimensions]int32
	element []byte
}

// arrayState is what was read last.
type arrayState uint8

const (
	noLevel arrayState = iota
	levelStarted
	elementStarted
	quotedStarted
	quotedDone
	elementDelimited
	levelDone
	levelDelimited
)

// appendArray appends the array that a literal means.
func (in *Input) appendArray(dst, text []byte) ([]byte, *Error) {
	p := &in.array
	*p = arrayParser{text: text, element: p.element}
	given, err := p.bounds()
	if err != nil {
		return dst, err
	}
	contents := p.i
	if err := p.braces(); err != nil {
		return dst, err
	}
	if given > 0 && (given != p.dims || p.given != p.counts) {
		return dst, p.malformed("Specified array dimensions do not match array contents.")
	}
	if given == 0 {
		for d := range p.lowers {
			p.lowers[d] = 1
		}
	}
	items, err := p.items()
	if err != nil || p.dims == 0 {
		return append(dst, 0), err
	}
	start := len(dst)
	var b ArrayBuilder
	b.Begin(dst, p.counts[:p.dims], p.lowers[:p.dims])
	p.i = contents
	for range items {
		text, null := p.next()
		if null {
			b.Null()
			continue
		}
		if err := b.Read(in, text); err != nil {
			return dst[:start], err
		}
	}
	return b.Bytes, nil
}

func (p *arrayParser) malformed(detail string) *Error {
	err := Errorf(CodeInvalidText, "malformed array literal: \"%s\"", p.text)
	err.Detail = detail
	return err
}

func (p *arrayParser) at(i int) byte {
	if i < len(p.text) {
		return p.text[i]
	}
	return 0
}

func (p *arrayParser) skipSpace() {
	for p.i < len(p.text) && isSpace(p.text[p.i]) {
		p.i++
	}
}

// bounds reads the dimensions before the braces, [2:3][4]=, and returns how many.
func (p *arrayParser) bounds() (n int, _ *Error) {
	for ; ; n++ {
		p.skipSpace()
		if p.at(p.i) != '[' {
			break
		}
		p.i++
		if n == MaxDimensions {
			return 0, errDimensions(n + 1)
		}
		low, ok := p.bound()
		if !ok {
			return 0, p.malformed(`"[" must introduce explicitly-specified array dimensions.`)
		}
		high := low
		if p.at(p.i) == ':' {
			p.i++
			if high, ok = p.bound(); !ok {
				return 0, p.malformed("Missing array dimension value.")
			}
		} else {
			low = 1
		}
		if p.at(p.i) != ']' {
			return 0, p.malformed(`Missing "]" after array dimensions.`)
		}
		p.i++
		if high < low {
			return 0, Errorf(CodeArraySubscript, "upper bound cannot be less than lower bound")
		}
		if high-low >= math.MaxInt32 {
			return 0, errArraySize()
		}
		p.lowers[n], p.given[n] = int32(low), int32(high-low+1)
	}
	if n == 0 {
		if p.at(p.i) != '{' {
			return 0, p.malformed(`Array value must start with "{" or dimension information.`)
		}
		return 0, nil
	}
	if p.at(p.i) != '=' {
		return 0, p.malformed(`Missing "=" after array dimensions.`)
	}
	p.i++
	p.skipSpace()
	if p.at(p.i) != '{' {
		return 0, p.malformed(`Array contents must start with "{".`)
	}
	return n, nil
}

// bound reads an integer as atoi does.
func (p *arrayParser) bound() (v int64, ok bool) {
	start := p.i
	for c := p.at(p.i); isDigit(c) || c == '-' || c == '+'; c = p.at(p.i) {
		p.i++
	}
	if p.i == start {
		return 0, false
	}
	return int64(atoi(p.text[start:p.i])), true
}

// braces checks where braces, quotes and delimiters stand, and counts the elements.
func (p *arrayParser) braces() *Error {
	for {
		if p.i >= len(p.text) {
			return p.malformed("Unexpected end of input.")
		}
		c := p.text[p.i]
		p.i++
		var err *Error
		switch {
		case c == '\\':
			err = p.escape()
		case c == '"':
			err = p.quote()
		case p.quoted:
		case c == '{':
			err = p.open()
		case c == '}':
			if err = p.close(); err == nil && p.level == 0 {
				return p.end()
			}
		case c == ',':
			err = p.delimiter()
		case !isSpace(c):
			if p.state != levelStarted && p.state != elementStarted && p.state != elementDelimited {
				return p.malformed("Unexpected array element.")
			}
			p.state = elementStarted
		}
		if err == nil && (p.state == elementStarted || p.state == quotedStarted) {
			err = p.atLevel()
		}
		if err != nil {
			return err
		}
	}
}

// atLevel refuses elements beside sub-arrays, which PostgreSQL 15 reads and 17 refuses.
func (p *arrayParser) atLevel() *Error {
	if p.deep == 0 {
		p.deep = p.level
	}
	if p.deep != p.level {
		return p.malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	return nil
}

func (p *arrayParser) escape() *Error {
	switch p.state {
	case levelStarted, elementStarted, quotedStarted, elementDelimited:
	default:
		return p.malformed(`Unexpected "\" character.`)
	}
	if p.state != quotedStarted {
		p.state = elementStarted
	}
	if p.i >= len(p.text) {
		return p.malformed("Unexpected end of input.")
	}
	p.i++
	return nil
}

func (p *arrayParser) quote() *Error {
	if p.state != levelStarted && p.state != quotedStarted && p.state != elementDelimited {
		return p.malformed("Unexpected array element.")
	}
	p.quoted = !p.quoted
	p.state = quotedDone
	if p.quoted {
		p.state = quotedStarted
	}
	return nil
}

func (p *arrayParser) open() *Error {
	if p.state != noLevel && p.state != levelStarted && p.state != levelDelimited {
		return p.malformed(`Unexpected "{" character.`)
	}
	p.state = levelStarted
	if p.level == MaxDimensions {
		return errDimensions(p.level + 1)
	}
	p.counts[p.level] = 0
	p.nelems[p.level] = 1
	p.level++
	p.dims = max(p.dims, p.level)
	return nil
}

func (p *arrayParser) close() *Error {
	switch p.state {
	case elementStarted, quotedDone, levelDone:
	default:
		if p.state != levelStarted || p.level != 1 {
			return p.malformed(`Unexpected "}" character.`)
		}
	}
	p.state = levelDone
	p.level--
	n := p.nelems[p.level]
	if p.last[p.level] != 0 && p.last[p.level] != n {
		return p.malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	p.last[p.level] = n
	p.counts[p.level] = n
	return nil
}

func (p *arrayParser) delimiter() *Error {
	switch p.state {
	case elementStarted, quotedDone:
		p.state = elementDelimited
	case levelDone:
		p.state = levelDelimited
	default:
		return p.malformed(`Unexpected "," character.`)
	}
	p.nelems[p.level-1]++
	return nil
}

// end is behind the last brace.
func (p *arrayParser) end() *Error {
	p.skipSpace()
	if p.i < len(p.text) {
		return p.malformed("Junk after closing right brace.")
	}
	if p.deep == 0 {
		p.dims = 0
		p.counts = [MaxDimensions]int32{}
	}
	if p.deep != p.dims {
		return p.malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	return nil
}

// items returns how many elements there are.
func (p *arrayParser) items() (n int, _ *Error) {
	if p.dims == 0 {
		return 0, nil
	}
	n = 1
	for d := range p.dims {
		if n > maxElements/int(p.counts[d]) {
			return 0, errArraySize()
		}
		n *= int(p.counts[d])
		if int64(p.lowers[d])+int64(p.counts[d]) > math.MaxInt32 {
			return 0, Errorf(CodeProgramLimitExceeded, "array lower bound is too large: %d", p.lowers[d])
		}
	}
	return n, nil
}

// next reads the next element, unquoted. The braces are right.
func (p *arrayParser) next() (element []byte, null bool) {
	for c := p.text[p.i]; isSpace(c) || c == '{' || c == '}' || c == ','; c = p.text[p.i] {
		p.i++
	}
	p.element = p.element[:0]
	quoted, kept := false, 0 // kept: what is no blank at the end
	for in := false; ; p.i++ {
		c := p.text[p.i]
		switch {
		case c == '"':
			in, quoted = !in, true
			kept = len(p.element)
			continue
		case c == '\\':
			p.i++
			p.element = append(p.element, p.text[p.i])
			quoted = true
			kept = len(p.element)
			continue
		case !in && (c == ',' || c == '}' || c == '{'):
			p.element = p.element[:kept]
			return p.element, !quoted && equalFold(p.element, "null")
		}
		p.element = append(p.element, c)
		if in || !isSpace(c) {
			kept = len(p.element)
		}
	}
}

func errDimensions(n int) *Error {
	return Errorf(CodeProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, MaxDimensions)
}

func errArraySize() *Error {
	return Errorf(CodeProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxElements)
}
