package expr

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// asRegexp writes a LIKE pattern as a regular expression; ok is false where it
// ends in an escape.
func asRegexp(pattern string) (re string, ok bool) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escaped := false
	for _, ch := range pattern {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(ch)))
			escaped = false
		case ch == '\\':
			escaped = true
		case ch == '%':
			b.WriteString(".*")
		case ch == '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(ch)))
		}
	}
	b.WriteString(`\z`)
	return b.String(), !escaped
}

// FuzzLike compares the matcher with the regexp package.
func FuzzLike(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"abc", "a%c"}, {"abc", "a_c"}, {"a%c", `a\%c`}, {"日本語", "_本%"}, {"aaaaaaaaab", "%a%a%a%c"}, {"x", `\`}, {"abcabd", "%ab_"}, {"\\", `\\`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if !utf8.ValidString(s) || !utf8.ValidString(pattern) || len(s) > 100 || len(pattern) > 30 {
			t.Skip()
		}
		re, ok := asRegexp(pattern)
		got, err := match([]byte(s), []byte(pattern))
		if !ok {
			return // PostgreSQL raises an error only where it gets to the escape
		}
		if err != nil {
			t.Fatalf("%q LIKE %q: %v", s, pattern, err)
		}
		if want := regexp.MustCompile(re).MatchString(s); (got == matched) != want {
			t.Fatalf("%q LIKE %q is %v, want %v", s, pattern, got == matched, want)
		}
	})
}
