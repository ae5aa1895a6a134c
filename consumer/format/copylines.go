package format

import (
	"bytes"

	"github.com/millrace/millrace/aggregator/datum"
)

// copyLines cuts a record into lines, as CopyReadLineText does: the first line end
// says which of the three kinds the record has, and the others are errors outside
// of quotes and unescaped.
type copyLines struct {
	csv           bool
	quote, escape byte
	special       *[256]bool // bytes that mean something in a line
	rest          []byte
	number        int // of the line that was returned last, from 1
	end           lineEnd
}

type lineEnd uint8

const (
	unknownEnd lineEnd = iota
	newline
	carriageReturn
	both
)

// next returns the next line without its end; plain where it has neither quotes nor
// backslashes that matter; not ok behind the last.
func (l *copyLines) next() (line []byte, plain, ok bool, err *datum.Error) {
	l.number++
	v := l.rest
	if len(v) == 0 {
		return nil, false, false, nil
	}
	end, special := bytes.IndexByte(v, '\n'), byte('\\')
	if l.csv {
		special = l.quote
	}
	if line = v; end >= 0 {
		line = v[:end]
	}
	if plain = bytes.IndexByte(line, special) < 0; !plain {
		return l.slow(v)
	}
	switch at := bytes.IndexByte(line, '\r'); {
	case at < 0 && (end < 0 || l.end == newline || l.end == unknownEnd):
		if end >= 0 {
			l.end = newline
		}
	case at >= 0 && at == end-1 && (l.end == both || l.end == unknownEnd):
		l.end, line = both, line[:at]
	default:
		return l.slow(v)
	}
	if l.rest = nil; end >= 0 {
		l.rest = v[end+1:]
	}
	return line, true, true, nil
}

// slow is next byte by byte.
func (l *copyLines) slow(v []byte) (line []byte, plain, ok bool, err *datum.Error) {
	quoted, escaped, escape := false, false, l.escape
	if l.escape == l.quote {
		escape = 0 // the quote turns quoting off and on again
	}
	for i := 0; i < len(v); i++ {
		c := v[i]
		if !l.special[c] {
			escaped = false
			continue
		}
		if l.csv {
			if quoted && escape != 0 && c == escape {
				escaped = !escaped
			}
			if c == l.quote && !escaped {
				quoted = !quoted
			}
			if c != escape || escape == 0 {
				escaped = false
			}
			if quoted {
				continue
			}
		}
		switch {
		case c == '\r' || c == '\n':
			n, err := l.ends(v, i)
			if err != nil {
				return nil, false, false, err
			}
			l.rest = v[i+n:]
			return v[:i], false, true, nil
		case c == '\\' && !l.csv:
			if i+1 < len(v) && v[i+1] == '.' {
				l.rest = nil
				return v[:i], false, i > 0, l.marker(v, i+2)
			}
			i++
		}
	}
	l.rest = nil
	return v, false, true, nil
}

// ends returns the length of the line end at v[i].
func (l *copyLines) ends(v []byte, i int) (n int, err *datum.Error) {
	kind, n := newline, 1
	if v[i] == '\r' {
		kind = carriageReturn
		if i+1 < len(v) && v[i+1] == '\n' && (l.end == unknownEnd || l.end == both) {
			kind, n = both, 2
		}
	}
	if l.end != unknownEnd && l.end != kind {
		return 0, l.wrongEnd(kind)
	}
	l.end = kind
	return n, nil
}

func (l *copyLines) wrongEnd(kind lineEnd) *datum.Error {
	what, escape := "carriage return", `\r`
	if kind == newline {
		what, escape = "newline", `\n`
	}
	if l.csv {
		err := datum.Errorf(CodeBadCopy, "unquoted %s found in data", what)
		err.Hint = "Use quoted CSV field to represent " + what + "."
		return err
	}
	err := datum.Errorf(CodeBadCopy, "literal %s found in data", what)
	err.Hint = `Use "` + escape + `" to represent ` + what + "."
	return err
}

// marker checks what follows the end-of-copy marker \. at v[i]: a line end.
func (l *copyLines) marker(v []byte, i int) *datum.Error {
	at := func(i int) byte {
		if i < len(v) {
			return v[i]
		}
		return 0
	}
	corrupt := datum.Errorf(CodeBadCopy, "end-of-copy marker corrupt")
	style := datum.Errorf(CodeBadCopy, "end-of-copy marker does not match previous newline style")
	if l.end == both {
		switch at(i) {
		case '\n':
			return style
		case '\r':
			i++
		default:
			return corrupt
		}
	}
	c := at(i)
	switch {
	case c != '\r' && c != '\n':
		return corrupt
	case (l.end == newline || l.end == both) && c != '\n', l.end == carriageReturn && c != '\r':
		return style
	}
	return nil
}
