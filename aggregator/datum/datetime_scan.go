package datum

// The lexer that dates, timestamps and intervals share. It cuts text into fields
// as PostgreSQL's ParseDateTime does, quirks included, because what a field
// means later depends on how it was cut.

type fieldKind uint8

const (
	fieldNumber  fieldKind = iota // digits, perhaps with a point
	fieldDate                     // digits and two delimiters, or digits and text; a zone name with punctuation
	fieldTime                     // digits with colons
	fieldString                   // letters
	fieldSpecial                  // a sign and letters
	fieldZone                     // a sign and digits
)

// dateField says where a field stands in the scanner's work. A slice of it would
// move every scanner to the heap.
type dateField struct {
	kind       fieldKind
	start, end uint16
}

const maxDateFields = 25

// dateScanner holds the fields of one value, in lower case.
type dateScanner struct {
	fields [maxDateFields]dateField
	n      int
	used   int // of work, as PostgreSQL counts: with a NUL after each field
	limit  int
	work   [256]byte
}

// scan cuts s into fields; limit is the size of PostgreSQL's work buffer for the
// type, beyond which it refuses the text.
func (d *dateScanner) scan(s []byte, limit int) bool {
	d.limit = limit
	for len(s) > 0 {
		c := s[0]
		switch {
		case isSpace(c):
			s = s[1:]
			continue
		case d.n == maxDateFields:
			return false
		}
		start := d.used
		var kind fieldKind
		var ok bool
		switch {
		case isDigit(c):
			s, kind, ok = d.scanDigits(s)
		case c == '.':
			kind = fieldNumber
			s, ok = d.take(s, 1)
			if ok {
				s, ok = d.takeWhile(s, isDigit)
			}
		case isAlpha(c):
			s, kind, ok = d.scanLetters(s)
		case c == '+' || c == '-':
			s, kind, ok = d.scanSigned(s)
		case isPunct(c):
			s = s[1:]
			continue
		}
		if !ok {
			return false
		}
		d.fields[d.n] = dateField{kind, uint16(start), uint16(d.used)}
		d.n++
		d.used++
	}
	return true
}

// text returns field i's text.
func (d *dateScanner) text(i int) []byte {
	f := d.fields[i]
	return d.work[f.start:f.end:f.end]
}

// take appends n bytes to the work buffer.
func (d *dateScanner) take(s []byte, n int) (rest []byte, ok bool) {
	for _, c := range s[:n] {
		if d.used+1 >= d.limit {
			return nil, false
		}
		d.work[d.used] = toLower(c)
		d.used++
	}
	return s[n:], true
}

func (d *dateScanner) takeWhile(s []byte, in func(byte) bool) (rest []byte, ok bool) {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return d.take(s, n)
}

func (d *dateScanner) scanDigits(s []byte) (rest []byte, kind fieldKind, ok bool) {
	if s, ok = d.takeWhile(s, isDigit); !ok || len(s) == 0 {
		return s, fieldNumber, ok
	}
	delim := s[0]
	switch delim {
	case ':':
		s, ok = d.takeWhile(s, func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
		return s, fieldTime, ok
	case '-', '/', '.':
	default:
		return s, fieldNumber, true
	}
	if s, ok = d.take(s, 1); !ok {
		return nil, 0, false
	}
	if len(s) == 0 || !isDigit(s[0]) {
		s, ok = d.takeWhile(s, func(c byte) bool { return isAlnum(c) || c == delim })
		return s, fieldDate, ok
	}
	kind = fieldDate
	if delim == '.' {
		kind = fieldNumber
	}
	if s, ok = d.takeWhile(s, isDigit); ok && len(s) > 0 && s[0] == delim {
		kind = fieldDate
		s, ok = d.takeWhile(s, func(c byte) bool { return isDigit(c) || c == delim })
	}
	return s, kind, ok
}

func (d *dateScanner) scanLetters(s []byte) (rest []byte, kind fieldKind, ok bool) {
	start := d.used
	if s, ok = d.takeWhile(s, isAlpha); !ok || len(s) == 0 {
		return s, fieldString, ok
	}
	c := s[0]
	isDate := c == '-' || c == '/' || c == '.'
	if c == '+' || isDigit(c) {
		// A date word directly before digits is a word, anything else a zone's name.
		isDate = lookupDateWord(d.work[start:d.used]).kind == wordUnknown
	}
	if !isDate {
		return s, fieldString, true
	}
	s, ok = d.takeWhile(s, func(c byte) bool {
		return isAlnum(c) || c == '+' || c == '-' || c == '/' || c == '_' || c == '.' || c == ':'
	})
	return s, fieldDate, ok
}

func (d *dateScanner) scanSigned(s []byte) (rest []byte, kind fieldKind, ok bool) {
	if s, ok = d.take(s, 1); !ok {
		return nil, 0, false
	}
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	switch {
	case len(s) > 0 && isDigit(s[0]):
		s, ok = d.takeWhile(s, func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
		return s, fieldZone, ok
	case len(s) > 0 && isAlpha(s[0]):
		s, ok = d.takeWhile(s, isAlpha)
		return s, fieldSpecial, ok
	}
	return nil, 0, false
}
