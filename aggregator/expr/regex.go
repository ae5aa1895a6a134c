package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/datum"
)

// regexFunctions match regular expressions that are literals and mean the same in
// RE2 as in PostgreSQL; see [areReader].
func regexFunctions() []function {
	t, b := datum.Text, datum.Bool
	two := takes(t, t)
	return []function{
		{oid: 1254, name: "textregexeq", args: two, result: b, bind: bindRegex(false, true)},
		{oid: 1256, name: "textregexne", args: two, result: b, bind: bindRegex(false, false)},
		{oid: 1238, name: "texticregexeq", args: two, result: b, bind: bindRegex(true, true)},
		{oid: 1239, name: "texticregexne", args: two, result: b, bind: bindRegex(true, false)},
		{oid: 6263, name: "regexp_like", args: two, result: b, bind: bindRegex(false, true)},
		{oid: 2284, name: "regexp_replace", args: takes(t, t, t), result: t, bind: bindRegexReplace},
		{oid: 2285, name: "regexp_replace", args: takes(t, t, t, t), result: t, bind: bindRegexReplace},
	}
}

// never is the kernel of a strict call with a NULL literal: no row reaches it.
func never(*call, []int32) {}

// literalText is an argument that is a literal text; null says that it is NULL.
func literalText(n Node) (text string, null, ok bool) {
	lit, ok := n.(*Const)
	if !ok || lit.Value.Type != datum.Text {
		return "", false, false
	}
	if lit.Value.IsNull(0) {
		return "", true, true
	}
	return string(lit.Value.Bytes(0)), false, true
}

func bindRegex(noCase, want bool) func(n *Call) (kernel, bool) {
	return func(n *Call) (kernel, bool) {
		text, null, ok := literalText(n.Args[1])
		if !ok || null {
			return never, ok
		}
		p, ok := compilePattern(text, noCase)
		if !ok {
			return nil, false
		}
		return func(c *call, rows []int32) {
			for _, r := range rows {
				c.out.Ints[r] = bit(p.re.Match(c.in[0].Bytes(int(r))) == want)
			}
		}, true
	}
}

// bindRegexReplace wants the flags and the replacement to be literals too. What is
// matched is the same in both worlds where no quantifier is lazy: the leftmost and
// longest. What a group matches may differ, so \1 is not native.
func bindRegexReplace(n *Call) (kernel, bool) {
	texts := make([]string, len(n.Args))
	for i, arg := range n.Args[1:] {
		text, null, ok := literalText(arg)
		if !ok || null {
			return never, ok
		}
		texts[i] = text
	}
	flags := ""
	if len(n.Args) == 4 {
		flags = texts[2]
	}
	if strings.Trim(flags, "gi") != "" {
		return nil, false
	}
	p, ok := compilePattern(texts[0], strings.Contains(flags, "i"))
	with, known := replacementOf(texts[1])
	if !ok || !known || p.lazy || p.inner {
		return nil, false
	}
	all := strings.Contains(flags, "g")
	return func(c *call, rows []int32) {
		for _, r := range rows {
			start := len(c.out.Arena)
			c.out.Arena = p.appendReplaced(c.out.Arena, c.in[0].Bytes(int(r)), with, all)
			c.ended(r, start)
		}
	}, true
}

// replacement is the text for a match: the parts between which the match itself
// stands.
type replacement [][]byte

// replacementOf reads \& and \\; ok is false where a group is referred to.
func replacementOf(text string) (replacement, bool) {
	parts := replacement{nil}
	for i := 0; i < len(text); i++ {
		last := &parts[len(parts)-1]
		if text[i] != '\\' || i+1 == len(text) {
			*last = append(*last, text[i])
			continue
		}
		switch next := text[i+1]; {
		case next >= '1' && next <= '9':
			return nil, false
		case next == '&':
			parts = append(parts, nil)
			i++
		case next == '\\':
			*last = append(*last, '\\')
			i++
		default:
			*last = append(*last, '\\')
		}
	}
	return parts, true
}

// appendReplaced appends s with its first match or all of them replaced. Unlike
// Go's own loop, PostgreSQL's finds an empty match right behind another one.
func (p pattern) appendReplaced(dst, s []byte, with replacement, all bool) []byte {
	copied, search := 0, 0
	for search <= len(s) {
		at := p.re.FindIndex(s[search:])
		if at == nil {
			break
		}
		from, to := search+at[0], search+at[1]
		dst = append(dst, s[copied:from]...)
		for i, part := range with {
			if i > 0 {
				dst = append(dst, s[from:to]...)
			}
			dst = append(dst, part...)
		}
		copied, search = to, to
		if !all || p.anchored {
			break
		}
		if from == to {
			_, size := utf8.DecodeRune(s[to:])
			search += max(size, 1)
		}
	}
	return append(dst, s[copied:]...)
}
