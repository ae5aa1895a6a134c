package psql

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	eastasian "golang.org/x/text/width"
)

const tabStop = 8

// printable returns a text as psql shows it: tabs are blanks, and what would
// move a terminal's cursor is written out.
func printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError }) < 0 {
		return text
	}
	var out strings.Builder
	column := 0
	put := func(s string) {
		out.WriteString(s)
		column += width(s)
	}
	for i, r := range text {
		switch {
		case r == '\n':
			out.WriteByte('\n')
			column = 0
		case r == '\r':
			put(`\r`)
		case r == '\t':
			put(strings.Repeat(" ", tabStop-column%tabStop))
		case r < ' ' || r == 0x7f:
			put(fmt.Sprintf(`\x%02X`, r))
		case r > 0x7f && r < 0xa0:
			put(fmt.Sprintf(`\u%04X`, r))
		case r == utf8.RuneError && text[i] != 0xef: // a byte that is no UTF-8
			put(fmt.Sprintf(`\x%02X`, text[i]))
		default:
			put(string(r))
		}
	}
	return out.String()
}

// width returns how many columns of a terminal a text takes.
func width(text string) int {
	n := 0
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch eastasian.LookupRune(r).Kind() {
	case eastasian.EastAsianWide, eastasian.EastAsianFullwidth:
		return 2
	}
	return 1
}
