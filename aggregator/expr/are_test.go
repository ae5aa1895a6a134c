package expr

import (
	"strings"
	"testing"
)

// TestPatternsOfPostgreSQL holds that a pattern which could mean something else to
// RE2 is left to PostgreSQL.
func TestPatternsOfPostgreSQL(t *testing.T) {
	for _, pattern := range []string{
		`\w`, `\W`, `\s`, `\S`, `\m`, `\M`, `\y`, `\Y`, `\A`, `\Z`, `\b`, `\B`, `(a)\1`, `\12`, `\x41`, `\u0041`, `\cA`, `\e`, `\a`, `\`, `[\w]`, `[\s]`,
		"(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?i)a", "(?#c)", "(?P<n>a)", "***=a", "***:a", "[[:alpha:]]", "[[:alnum:]]", "[[.a.]]", "[[=a=]]", "[[:<:]]",
		"a**", "a+*", "a{1}{2}", "*a", "+", "?", "a|*b", "(*a)", "^*", "$+", "{1}", "a{256}", "a{2,1}", "a{1,256}", "a{1", "a{1,2",
		"(", ")", "(a", "a)", "[", "[a", "[^", "[b-a]", "[a-b-c]", "[\\d-z]", "a\\é",
		strings.Repeat("a", maxPattern+1), strings.Repeat("(", maxNesting+1) + strings.Repeat(")", maxNesting+1),
	} {
		if _, ok := compilePattern(pattern, false); ok {
			t.Errorf("%q is taken", pattern)
		}
	}
	for _, pattern := range []string{"é", "[é]", "[a-é]", `\é`} {
		if _, ok := compilePattern(pattern, true); ok {
			t.Errorf("%q is taken where case is ignored", pattern)
		}
	}
	for _, pattern := range []string{"", "a", "a|", "()", "(?:a)", "[]a]", "[^]a]", "[a-]", "[-a]", `[\]]`, "a{2}", "a{2,}", "a{0,255}", "a+?", "{", "a{x", "}", "]", `\.`, `\d+\D`, "^a$", "a^b"} {
		if _, ok := compilePattern(pattern, false); !ok {
			t.Errorf("%q is not taken", pattern)
		}
	}
}

// FuzzPattern has any text read as a pattern.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"^a+$", "(a|b)*?c", `[\d.-]+`, "a{1,3}", "[^]x]", "日本"} {
		f.Add(seed, "some text", true)
	}
	f.Fuzz(func(t *testing.T, text, s string, noCase bool) {
		p, ok := compilePattern(text, noCase)
		if !ok {
			return
		}
		p.re.MatchString(s)
		if !p.lazy && !p.inner {
			p.appendReplaced(nil, []byte(s), replacement{[]byte("<"), []byte(">")}, true)
		}
	})
}
