package expr

import (
	"unicode"
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/datum"
)

const codeInvalidEscape = "22025" // invalid_escape_sequence

var (
	errLikeEscape   = &datum.Error{Code: codeInvalidEscape, Message: "LIKE pattern must not end with escape character"}
	errEscapeString = &datum.Error{
		Code: codeInvalidEscape, Message: "invalid escape string",
		Hint: "Escape string must be empty or one character.",
	}
)

// likeFunctions are LIKE, ILIKE and their negations.
func likeFunctions() []function {
	two, b := takes(datum.Text, datum.Text), datum.Bool
	return []function{
		{oid: 850, name: "textlike", args: two, result: b, kernel: like(true)},
		{oid: 1569, name: "like", args: two, result: b, kernel: like(true)},
		{oid: 851, name: "textnlike", args: two, result: b, kernel: like(false)},
		{oid: 1570, name: "notlike", args: two, result: b, kernel: like(false)},
		{oid: 1633, name: "texticlike", args: two, result: b, kernel: ilike(true)},
		{oid: 1634, name: "texticnlike", args: two, result: b, kernel: ilike(false)},
		{oid: 1637, name: "like_escape", args: two, result: datum.Text, kernel: likeEscape},
	}
}

func like(want bool) kernel {
	return try2(func(s, pattern []byte) (bool, *datum.Error) {
		m, err := match(s, pattern)
		return (m == matched) == want, err
	})
}

// ilike matches the lower case of both.
func ilike(want bool) kernel {
	return func(c *call, rows []int32) {
		for _, r := range rows {
			c.scratch = appendMapped(c.scratch[:0], c.in[0].Bytes(int(r)), unicode.ToLower)
			n := len(c.scratch)
			c.scratch = appendMapped(c.scratch, c.in[1].Bytes(int(r)), unicode.ToLower)
			m, err := match(c.scratch[:n], c.scratch[n:])
			if err != nil {
				c.fail(r, err)
				continue
			}
			c.out.SetBool(int(r), (m == matched) == want)
		}
	}
}

// outcome of a match. Where the text is used up no later start of a "%" can
// match either: tooShort ends the search that would otherwise go on.
type outcome uint8

const (
	differs outcome = iota
	matched
	tooShort
)

// match matches as MatchText of PostgreSQL's like_match.c does, with its
// shortcuts, since they decide whether a pattern's bad end is noticed.
func match(s, p []byte) (outcome, *datum.Error) {
	if len(p) == 1 && p[0] == '%' {
		return matched, nil
	}
	for len(s) > 0 && len(p) > 0 {
		switch p[0] {
		case '%':
			return matchRest(s, p[1:])
		case '_':
			s, p = s[charLen(s):], p[1:]
			continue
		case '\\':
			p = p[1:]
			if len(p) == 0 {
				return differs, errLikeEscape
			}
		}
		if p[0] != s[0] {
			return differs, nil
		}
		s, p = s[1:], p[1:]
	}
	if len(s) > 0 {
		return differs, nil
	}
	for len(p) > 0 && p[0] == '%' {
		p = p[1:]
	}
	if len(p) == 0 {
		return matched, nil
	}
	return tooShort, nil
}

// matchRest matches what follows a "%".
func matchRest(s, p []byte) (outcome, *datum.Error) {
	for len(p) > 0 && (p[0] == '%' || p[0] == '_') {
		if p[0] == '_' {
			if len(s) == 0 {
				return tooShort, nil
			}
			s = s[charLen(s):]
		}
		p = p[1:]
	}
	if len(p) == 0 {
		return matched, nil
	}
	first := p[0]
	if first == '\\' {
		if len(p) < 2 {
			return differs, errLikeEscape
		}
		first = p[1]
	}
	for len(s) > 0 {
		if s[0] == first {
			if m, err := match(s, p); m != differs || err != nil {
				return m, err
			}
		}
		s = s[charLen(s):]
	}
	return tooShort, nil
}

func charLen(s []byte) int {
	_, n := utf8.DecodeRune(s)
	return n
}

// likeEscape turns a pattern with an ESCAPE of its own into one with "\".
func likeEscape(c *call, rows []int32) {
	for _, r := range rows {
		p, escape := c.in[0].Bytes(int(r)), c.in[1].Bytes(int(r))
		if len(escape) > 0 && charLen(escape) != len(escape) {
			c.fail(r, errEscapeString)
			continue
		}
		start := len(c.out.Arena)
		c.out.Arena = appendEscaped(c.out.Arena, p, escape)
		c.ended(r, start)
	}
}

func appendEscaped(dst, p, escape []byte) []byte {
	if string(escape) == `\` {
		return append(dst, p...)
	}
	after := false // an escape
	for len(p) > 0 {
		n := charLen(p)
		switch ch := p[:n]; {
		case len(escape) > 0 && string(ch) == string(escape) && !after:
			dst = append(dst, '\\')
			after = true
		case ch[0] == '\\':
			dst = append(dst, '\\')
			if !after {
				dst = append(dst, '\\')
			}
			after = false
		default:
			dst = append(dst, ch...)
			after = false
		}
		p = p[n:]
	}
	return dst
}
