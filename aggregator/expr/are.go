package expr

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// areReader rewrites a regular expression of PostgreSQL's (an ARE: regcomp.c and
// regc_lex.c) into one of RE2 that matches the same texts. It knows what means the
// same in both and says no to all else: back references, look-around, word
// boundaries, embedded options and directors, classes that hang on the locale
// (\w, \s, [[:alpha:]]), collating elements, and, where case is ignored, characters
// beyond ASCII. PostgreSQL evaluates those, as it does what it refuses itself.
type areReader struct {
	in     string
	out    strings.Builder
	noCase bool

	lazy     bool // a quantifier prefers the shortest match
	anchored bool // begins with ^, which stands nowhere else
	inner    bool // ^ stands elsewhere
	depth    int
}

// pattern is a regular expression ready to run.
type pattern struct {
	re       *regexp.Regexp
	lazy     bool
	anchored bool
	inner    bool
}

// maxPattern and maxNesting keep what RE2 makes of a pattern small.
const (
	maxPattern    = 1000
	maxNesting    = 50
	maxRepetition = 255 // PostgreSQL's DUPMAX
)

// compilePattern compiles a pattern that means the same to PostgreSQL and to RE2.
func compilePattern(text string, noCase bool) (p pattern, ok bool) {
	if len(text) > maxPattern || strings.HasPrefix(text, "***") || strings.ContainsRune(text, 0) {
		return pattern{}, false
	}
	r := areReader{in: text, noCase: noCase}
	r.out.WriteString("(?s)")
	if !r.alternatives() || r.in != "" {
		return pattern{}, false
	}
	re, err := regexp.Compile(r.out.String())
	if err != nil {
		return pattern{}, false
	}
	re.Longest()
	return pattern{re, r.lazy, r.anchored, r.inner}, true
}

// alternatives reads branches up to the end or to a closing parenthesis.
func (r *areReader) alternatives() bool {
	if r.depth++; r.depth > maxNesting {
		return false
	}
	defer func() { r.depth-- }()
	for {
		if !r.branch() {
			return false
		}
		if !strings.HasPrefix(r.in, "|") {
			return true
		}
		if r.anchored { // only in one of the branches
			r.anchored, r.inner = false, true
		}
		r.out.WriteByte('|')
		r.in = r.in[1:]
	}
}

func (r *areReader) branch() bool {
	for r.in != "" && r.in[0] != '|' && r.in[0] != ')' {
		first := r.out.Len() == len("(?s)")
		quantifiable, ok := r.atom(first)
		if !ok || !r.quantifier(quantifiable) {
			return false
		}
	}
	return true
}

// atom reads one atom or constraint; first says that nothing stands before it.
func (r *areReader) atom(first bool) (quantifiable, ok bool) {
	switch c := r.in[0]; c {
	case '^':
		r.in = r.in[1:]
		r.out.WriteByte('^')
		if first {
			r.anchored = true
		} else {
			r.inner = true
		}
		return false, true
	case '$':
		r.in = r.in[1:]
		r.out.WriteByte('$')
		return false, true
	case '.':
		r.in = r.in[1:]
		r.out.WriteByte('.')
		return true, true
	case '(':
		return true, r.group()
	case '[':
		return true, r.bracket()
	case '\\':
		return true, r.escape()
	case '*', '+', '?':
		return false, false
	case '{':
		if len(r.in) > 1 && isDigit(r.in[1]) {
			return false, false
		}
	}
	ch, size := utf8.DecodeRuneInString(r.in)
	r.in = r.in[size:]
	return true, r.literal(ch)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// literal writes a character that stands for itself.
func (r *areReader) literal(ch rune) bool {
	if !r.noCase {
		r.out.WriteString(regexp.QuoteMeta(string(ch)))
		return true
	}
	if ch >= utf8.RuneSelf {
		return false
	}
	// Not (?i): to RE2 the Kelvin sign is a k too.
	if lower := ch | 0x20; lower >= 'a' && lower <= 'z' {
		r.out.WriteByte('[')
		r.out.WriteRune(lower)
		r.out.WriteRune(lower &^ 0x20)
		r.out.WriteByte(']')
		return true
	}
	r.out.WriteString(regexp.QuoteMeta(string(ch)))
	return true
}

func (r *areReader) group() bool {
	if strings.HasPrefix(r.in, "(?") && !strings.HasPrefix(r.in, "(?:") {
		return false
	}
	r.in = strings.TrimPrefix(r.in[1:], "?:")
	r.out.WriteString("(?:")
	if !r.alternatives() || r.in == "" {
		return false
	}
	r.in = r.in[1:]
	r.out.WriteByte(')')
	return true
}

// escape reads what follows a backslash outside of brackets.
func (r *areReader) escape() bool {
	if strings.HasPrefix(r.in, `\d`) || strings.HasPrefix(r.in, `\D`) {
		r.out.WriteString(map[byte]string{'d': "[0-9]", 'D': "[^0-9]"}[r.in[1]])
		r.in = r.in[2:]
		return true
	}
	ch, ok := r.escaped()
	return ok && r.literal(ch)
}

// escaped reads a backslash and the character that is meant.
func (r *areReader) escaped() (rune, bool) {
	if len(r.in) < 2 {
		return 0, false
	}
	ch, size := utf8.DecodeRuneInString(r.in[1:])
	r.in = r.in[1+size:]
	switch ch {
	case 't':
		return '\t', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 'f':
		return '\f', true
	case 'v':
		return '\v', true
	}
	lower := ch | 0x20
	alnum := lower >= 'a' && lower <= 'z' || ch >= '0' && ch <= '9' || ch >= utf8.RuneSelf
	return ch, !alnum
}

// quantifier reads *, +, ?, {m}, {m,} or {m,n}, each also with ? behind it.
func (r *areReader) quantifier(allowed bool) bool {
	if r.in == "" {
		return true
	}
	size := 0
	switch r.in[0] {
	case '*', '+', '?':
		size = 1
	case '{':
		if len(r.in) < 2 || !isDigit(r.in[1]) {
			return true
		}
		if size = bounds(r.in); size == 0 {
			return false
		}
	default:
		return true
	}
	if !allowed {
		return false
	}
	r.out.WriteString(r.in[:size])
	r.in = r.in[size:]
	if strings.HasPrefix(r.in, "?") {
		r.lazy = true
		r.in = r.in[1:]
	}
	// RE2 takes another quantifier for one of the whole, PostgreSQL refuses it.
	return r.in == "" || strings.IndexByte("*+?", r.in[0]) < 0 && (r.in[0] != '{' || len(r.in) > 1 && !isDigit(r.in[1]))
}

// bounds is the length of {m}, {m,} or {m,n} at the start of s, 0 where it is
// none that PostgreSQL accepts.
func bounds(s string) int {
	least, rest, ok := repetition(s[1:])
	if !ok {
		return 0
	}
	if after, found := strings.CutPrefix(rest, ","); found {
		rest = after
		if rest != "" && isDigit(rest[0]) {
			var most int
			if most, rest, ok = repetition(rest); !ok || most < least {
				return 0
			}
		}
	}
	if !strings.HasPrefix(rest, "}") {
		return 0
	}
	return len(s) - len(rest) + 1
}

func repetition(s string) (n int, rest string, ok bool) {
	i := 0
	for ; i < len(s) && i < 3 && isDigit(s[i]); i++ {
		n = 10*n + int(s[i]-'0')
	}
	return n, s[i:], i > 0 && n <= maxRepetition
}
