package expr

import (
	"bytes"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/datum"
)

// textFunctions are the operators and functions of text. Text is valid UTF-8;
// positions and lengths count characters.
func textFunctions() []function {
	t, i := datum.Text, datum.Int4
	table := []function{
		{oid: 1258, name: "textcat", args: takes(t, t), result: t, kernel: concat},
		{oid: 2003, name: "textanycat", args: takes(t, datum.Invalid), result: t, kernel: concat},
		{oid: 2004, name: "anytextcat", args: takes(datum.Invalid, t), result: t, kernel: concat},
		{oid: 1257, name: "textlen", args: takes(t), result: i, kernel: map1(length)},
		{oid: 1317, name: "length", args: takes(t), result: i, kernel: map1(length)},
		{oid: 1369, name: "character_length", args: takes(t), result: i, kernel: map1(length)},
		{oid: 1381, name: "char_length", args: takes(t), result: i, kernel: map1(length)},
		{oid: 1374, name: "octet_length", args: takes(t), result: i, kernel: map1(func(s []byte) int64 { return int64(len(s)) })},
		{oid: 1811, name: "bit_length", args: takes(t), result: i, kernel: map1(func(s []byte) int64 { return 8 * int64(len(s)) })},
		{oid: 870, name: "lower", args: takes(t), result: t, kernel: mapped(unicode.ToLower)},
		{oid: 871, name: "upper", args: takes(t), result: t, kernel: mapped(unicode.ToUpper)},
		{oid: 884, name: "btrim", args: takes(t, t), result: t, kernel: map2(func(s, set []byte) []byte { return bytes.Trim(s, string(set)) })},
		{oid: 875, name: "ltrim", args: takes(t, t), result: t, kernel: map2(func(s, set []byte) []byte { return bytes.TrimLeft(s, string(set)) })},
		{oid: 876, name: "rtrim", args: takes(t, t), result: t, kernel: map2(func(s, set []byte) []byte { return bytes.TrimRight(s, string(set)) })},
		{oid: 885, name: "btrim", args: takes(t), result: t, kernel: map1(func(s []byte) []byte { return bytes.Trim(s, " ") })},
		{oid: 881, name: "ltrim", args: takes(t), result: t, kernel: map1(func(s []byte) []byte { return bytes.TrimLeft(s, " ") })},
		{oid: 882, name: "rtrim", args: takes(t), result: t, kernel: map1(func(s []byte) []byte { return bytes.TrimRight(s, " ") })},
		{oid: 3060, name: "left", args: takes(t, i), result: t, kernel: map2(left)},
		{oid: 3061, name: "right", args: takes(t, i), result: t, kernel: map2(right)},
		{oid: 3062, name: "reverse", args: takes(t), result: t, kernel: reverse},
		{oid: 2087, name: "replace", args: takes(t, t, t), result: t, kernel: replace},
		{oid: 868, name: "strpos", args: takes(t, t), result: i, kernel: map2(strpos)},
		{oid: 849, name: "position", args: takes(t, t), result: i, kernel: map2(strpos)},
		{oid: 3696, name: "starts_with", args: takes(t, t), result: datum.Bool, kernel: map2(bytes.HasPrefix)},
		{oid: 2088, name: "split_part", args: takes(t, t, i), result: t, kernel: splitPart},
		{oid: 2971, name: "text", args: takes(datum.Bool), result: t, kernel: boolText},
		{oid: 669, name: "varchar", args: takes(t, i, datum.Bool), result: t, kernel: varchar},
	}
	for _, f := range []struct {
		name       string
		oid, whole uint32
	}{{"substr", 877, 883}, {"substring", 936, 937}} {
		table = append(table,
			function{oid: f.oid, name: f.name, args: takes(t, i, i), result: t, kernel: substring},
			function{oid: f.whole, name: f.name, args: takes(t, i), result: t, kernel: map2(from)},
		)
	}
	return slices.Concat(table, textBuilders(), concatenations(), overlayFunctions(), likeFunctions(), regexFunctions())
}

// concat appends both arguments' texts; one of them may be of any type.
func concat(c *call, rows []int32) {
	for _, r := range rows {
		start := len(c.out.Arena)
		for _, v := range c.in {
			if v.Type == datum.Bool { // the cast says "true" where the output function says "t"
				c.out.Arena = datum.AppendBoolText(c.out.Arena, v.Ints[r] != 0)
			} else {
				c.out.Arena = appendOutput(c.out.Arena, v, int(r), c.env.Zone)
			}
		}
		c.ended(r, start)
	}
}

func boolText(c *call, rows []int32) {
	for _, r := range rows {
		start := len(c.out.Arena)
		c.out.Arena = datum.AppendBoolText(c.out.Arena, c.in[0].Ints[r] != 0)
		c.ended(r, start)
	}
}

func length(s []byte) int64 { return int64(utf8.RuneCount(s)) }

// mapped is the kernel that maps each character by itself.
func mapped(f func(rune) rune) kernel {
	return func(c *call, rows []int32) {
		for _, r := range rows {
			start := len(c.out.Arena)
			c.out.Arena = appendMapped(c.out.Arena, c.in[0].Bytes(int(r)), f)
			c.ended(r, start)
		}
	}
}

func appendMapped(dst, s []byte, f func(rune) rune) []byte {
	for len(s) > 0 {
		ch, n := utf8.DecodeRune(s)
		dst = utf8.AppendRune(dst, f(ch))
		s = s[n:]
	}
	return dst
}

// head returns the length in bytes of the first n characters of s, or of all
// of it where it has fewer.
func head(s []byte, n int64) int {
	if n >= int64(len(s)) {
		return len(s)
	}
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return at
}

// left is all but the last -n characters where n is negative.
func left(s []byte, n int64) []byte {
	if n < 0 {
		n += length(s)
	}
	return s[:head(s, n)]
}

// right is all but the first -n characters where n is negative. PostgreSQL cannot
// negate the least integer, and takes all.
func right(s []byte, n int64) []byte {
	if n == math.MinInt32 {
		return s
	}
	if n < 0 {
		return s[head(s, -n):]
	}
	return s[head(s, length(s)-n):]
}

// from is substring(s, start).
func from(s []byte, start int64) []byte { return s[head(s, start-1):] }

var errSubstringLength = &datum.Error{Code: "22011", Message: "negative substring length not allowed"}

// substring is substring(s, start, length): characters before the first count
// towards the length, as SQL has it.
func substring(c *call, rows []int32) {
	write := writerOf[[]byte]()
	for _, r := range rows {
		s, start, n := c.in[0].Bytes(int(r)), c.in[1].Ints[r], c.in[2].Ints[r]
		if n < 0 {
			c.fail(r, errSubstringLength)
			continue
		}
		end := start + n
		start = max(start, 1)
		s = from(s, start)
		write(c, r, s[:head(s, end-start)])
	}
}

func reverse(c *call, rows []int32) {
	for _, r := range rows {
		start := len(c.out.Arena)
		for s := c.in[0].Bytes(int(r)); len(s) > 0; {
			_, n := utf8.DecodeLastRune(s)
			c.out.Arena = append(c.out.Arena, s[len(s)-n:]...)
			s = s[:len(s)-n]
		}
		c.ended(r, start)
	}
}

// maxText is the longest text that PostgreSQL makes.
const maxText = 1<<30 - 1

func replace(c *call, rows []int32) {
	for _, r := range rows {
		s, old, with := c.in[0].Bytes(int(r)), c.in[1].Bytes(int(r)), c.in[2].Bytes(int(r))
		if uint64(bytes.Count(s, old))*uint64(len(with)) > maxText {
			c.fail(r, errArenaFull)
			continue
		}
		start := len(c.out.Arena)
		for len(old) > 0 {
			at := bytes.Index(s, old)
			if at < 0 {
				break
			}
			c.out.Arena = append(append(c.out.Arena, s[:at]...), with...)
			s = s[at+len(old):]
		}
		c.out.Arena = append(c.out.Arena, s...)
		c.ended(r, start)
	}
}

// strpos is the character position of the first match, from 1, or 0.
func strpos(s, part []byte) int64 {
	at := bytes.Index(s, part)
	if at < 0 {
		return 0
	}
	return 1 + length(s[:at])
}

var errFieldZero = &datum.Error{Code: datum.CodeInvalidParameter, Message: "field position must not be zero"}

func splitPart(c *call, rows []int32) {
	write := writerOf[[]byte]()
	for _, r := range rows {
		n := c.in[2].Ints[r]
		if n == 0 {
			c.fail(r, errFieldZero)
			continue
		}
		write(c, r, part(c.in[0].Bytes(int(r)), c.in[1].Bytes(int(r)), n))
	}
}

// part returns the nth part of s between separators, counted from the end
// where n is negative; nothing where there is none.
func part(s, sep []byte, n int64) []byte {
	if len(sep) == 0 {
		if n == 1 || n == -1 {
			return s
		}
		return nil
	}
	if n < 0 {
		n += int64(bytes.Count(s, sep)) + 2
		if n < 1 {
			return nil
		}
	}
	for ; n > 1; n-- {
		at := bytes.Index(s, sep)
		if at < 0 {
			return nil
		}
		s = s[at+len(sep):]
	}
	if at := bytes.Index(s, sep); at >= 0 {
		s = s[:at]
	}
	return s
}

// varchar applies the length limit of varchar(n), its typmod less 4: an
// explicit cast cuts, an implicit one cuts only spaces.
func varchar(c *call, rows []int32) {
	write := writerOf[[]byte]()
	for _, r := range rows {
		s, limit := c.in[0].Bytes(int(r)), c.in[1].Ints[r]-4
		if limit >= 0 {
			cut := head(s, limit)
			if c.in[2].Ints[r] == 0 && slices.ContainsFunc(s[cut:], func(b byte) bool { return b != ' ' }) {
				c.fail(r, datum.Errorf(datum.CodeStringTooLong, "value too long for type character varying(%d)", limit))
				continue
			}
			s = s[:cut]
		}
		write(c, r, s)
	}
}
