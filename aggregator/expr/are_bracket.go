package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// bracket reads a bracket expression: characters, ranges by code point, \d and
// [:digit:].
func (r *areReader) bracket() bool {
	r.in = r.in[1:]
	r.out.WriteByte('[')
	if strings.HasPrefix(r.in, "^") {
		r.in = r.in[1:]
		r.out.WriteByte('^')
	}
	for first := true; ; first = false {
		if strings.HasPrefix(r.in, "]") && !first {
			r.in = r.in[1:]
			r.out.WriteByte(']')
			return true
		}
		if !r.bracketItem(first) {
			return false
		}
	}
}

// bracketItem reads a character, a range or a class.
func (r *areReader) bracketItem(first bool) bool {
	for _, class := range []string{"[:digit:]", `\d`} {
		if rest, found := strings.CutPrefix(r.in, class); found {
			r.in = rest
			r.out.WriteString("0-9")
			return !strings.HasPrefix(r.in, "-") || strings.HasPrefix(r.in, "-]")
		}
	}
	from, ok := r.bracketChar(first)
	if !ok {
		return false
	}
	to := from
	if strings.HasPrefix(r.in, "-") && !strings.HasPrefix(r.in, "-]") {
		r.in = r.in[1:]
		if to, ok = r.bracketChar(false); !ok || to < from {
			return false
		}
		if strings.HasPrefix(r.in, "-") && !strings.HasPrefix(r.in, "-]") {
			return false // a-b-c
		}
	}
	return r.writeRange(from, to)
}

// bracketChar reads one character; "-" stands for itself first and last alone.
func (r *areReader) bracketChar(first bool) (rune, bool) {
	if r.in == "" || strings.HasPrefix(r.in, "[:") || strings.HasPrefix(r.in, "[.") || strings.HasPrefix(r.in, "[=") {
		return 0, false
	}
	if r.in[0] == '-' && !first && !strings.HasPrefix(r.in, "-]") {
		return 0, false
	}
	if r.in[0] == '\\' {
		return r.escaped()
	}
	ch, size := utf8.DecodeRuneInString(r.in)
	r.in = r.in[size:]
	return ch, true
}

// writeRange writes a range in both cases where case is ignored.
func (r *areReader) writeRange(from, to rune) bool {
	write := func(from, to rune) { fmt.Fprintf(&r.out, `\x{%x}-\x{%x}`, from, to) }
	write(from, to)
	if !r.noCase {
		return true
	}
	if to >= utf8.RuneSelf {
		return false
	}
	for _, flip := range []struct{ from, to, by rune }{{'a', 'z', 'A' - 'a'}, {'A', 'Z', 'a' - 'A'}} {
		if lo, hi := max(from, flip.from), min(to, flip.to); lo <= hi {
			write(lo+flip.by, hi+flip.by)
		}
	}
	return true
}
