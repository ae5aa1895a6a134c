package expr

import (
	"unicode"
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/datum"
)

// textBuilders are the functions that put texts together character by character.
func textBuilders() []function {
	t, i := datum.Text, datum.Int4
	return []function{
		{oid: 872, name: "initcap", args: takes(t), result: t, kernel: initcap},
		{oid: 878, name: "translate", args: takes(t, t, t), result: t, kernel: translate},
		{oid: 1620, name: "ascii", args: takes(t), result: i, kernel: map1(ascii)},
		{oid: 1621, name: "chr", args: takes(i), result: t, kernel: chr},
		{oid: 2311, name: "md5", args: takes(t), result: t, kernel: digest},
		{oid: 873, name: "lpad", args: takes(t, i, t), result: t, bind: bindPad(true)},
		{oid: 879, name: "lpad", args: takes(t, i), result: t, bind: bindPad(true)},
		{oid: 874, name: "rpad", args: takes(t, i, t), result: t, bind: bindPad(false)},
		{oid: 880, name: "rpad", args: takes(t, i), result: t, bind: bindPad(false)},
	}
}

// initcap makes the first letter of each word a capital and the others small;
// words are runs of letters and digits, as the C library's iswalnum sees them.
func initcap(c *call, rows []int32) {
	for _, r := range rows {
		start := len(c.out.Arena)
		inWord := false
		for s := c.in[0].Bytes(int(r)); len(s) > 0; {
			ch, n := utf8.DecodeRune(s)
			s = s[n:]
			if inWord {
				c.out.Arena = utf8.AppendRune(c.out.Arena, unicode.ToLower(ch))
			} else {
				c.out.Arena = utf8.AppendRune(c.out.Arena, unicode.ToUpper(ch))
			}
			inWord = unicode.In(ch, unicode.L, unicode.Nd, unicode.Nl, unicode.Other_Alphabetic)
		}
		c.ended(r, start)
	}
}

// translate replaces each character that stands in the second argument by the
// one at the same place of the third, or drops it where there is none.
func translate(c *call, rows []int32) {
	for _, r := range rows {
		old, with := c.in[1].Bytes(int(r)), c.in[2].Bytes(int(r))
		start := len(c.out.Arena)
		for s := c.in[0].Bytes(int(r)); len(s) > 0; {
			n := charLen(s)
			c.out.Arena = append(c.out.Arena, translated(s[:n], old, with)...)
			s = s[n:]
		}
		c.ended(r, start)
	}
}

func translated(ch, old, with []byte) []byte {
	for len(old) > 0 {
		n, m := charLen(old), charLen(with)
		if string(old[:n]) == string(ch) {
			return with[:m]
		}
		old, with = old[n:], with[m:]
	}
	return ch
}

// ascii is the code point of the first character, 0 for the empty text.
func ascii(s []byte) int64 {
	if len(s) == 0 {
		return 0
	}
	ch, _ := utf8.DecodeRune(s)
	return int64(ch)
}

var (
	errCharNegative = &datum.Error{Code: datum.CodeInvalidParameter, Message: "character number must be positive"}
	errCharNull     = &datum.Error{Code: datum.CodeProgramLimitExceeded, Message: "null character not permitted"}
)

func chr(c *call, rows []int32) {
	for _, r := range rows {
		switch x := c.in[0].Ints[r]; {
		case x < 0:
			c.fail(r, errCharNegative)
		case x == 0:
			c.fail(r, errCharNull)
		case x > unicode.MaxRune:
			c.fail(r, datum.Errorf(datum.CodeProgramLimitExceeded, "requested character too large for encoding: %d", x))
		case !utf8.ValidRune(rune(x)):
			c.fail(r, datum.Errorf(datum.CodeProgramLimitExceeded, "requested character not valid for encoding: %d", x))
		default:
			start := len(c.out.Arena)
			c.out.Arena = utf8.AppendRune(c.out.Arena, rune(x))
			c.ended(r, start)
		}
	}
}

// maxPad is how long a text lpad and rpad make natively: a length that stands
// in the data could ask for more memory than there is.
const maxPad = 4096

// bindPad makes the kernel of lpad and rpad for a literal length.
func bindPad(before bool) func(n *Call) (kernel, bool) {
	return func(n *Call) (kernel, bool) {
		lit, ok := n.Args[1].(*Const)
		if !ok || !lit.Value.IsNull(0) && lit.Value.Ints[0] > maxPad {
			return nil, false
		}
		return func(c *call, rows []int32) {
			for _, r := range rows {
				fill := []byte{' '}
				if len(c.in) > 2 {
					fill = c.in[2].Bytes(int(r))
				}
				start := len(c.out.Arena)
				c.out.Arena = appendPadded(c.out.Arena, c.in[0].Bytes(int(r)), c.in[1].Ints[r], fill, before)
				c.ended(r, start)
			}
		}, true
	}
}

// appendPadded appends s cut or filled up to n characters.
func appendPadded(dst, s []byte, n int64, fill []byte, before bool) []byte {
	missing := n - length(s)
	if missing <= 0 || len(fill) == 0 {
		return append(dst, s[:head(s, n)]...)
	}
	if !before {
		dst = append(dst, s...)
	}
	for ; missing > 0; missing -= length(fill) {
		dst = append(dst, fill[:head(fill, missing)]...)
	}
	if before {
		dst = append(dst, s...)
	}
	return dst
}
