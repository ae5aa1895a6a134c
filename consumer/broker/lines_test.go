package broker

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/twmb/franz-go/pkg/kerr"
)

func readLines(r io.Reader, limit int) (lines []string, l *lineReader, err error) {
	l = newLineReader(r, limit)
	for {
		line, err := l.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return lines, l, err
		}
		lines = append(lines, string(line))
	}
}

func TestLineReader(t *testing.T) {
	long := strings.Repeat("x", lineBuffer+7)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"a", "a"},
		{"a\n", "a"},
		{"a\nb", "a|b"},
		{"a\r\nb\r\n", "a|b"},
		{"\n \t\n\r\n", ""},
		{"\na\n\n b \n", "a| b "},
		{"a\rb\n", "a\rb"},
		{"\r", ""},
		{long + "\n" + long, long + "|" + long},
		{strings.Repeat("0123456789\n", 300_000), strings.TrimSuffix(strings.Repeat("0123456789|", 300_000), "|")},
	} {
		for _, wrap := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r }, iotest.HalfReader, iotest.DataErrReader,
		} {
			lines, l, err := readLines(wrap(strings.NewReader(c.in)), 2*lineBuffer)
			if got := strings.Join(lines, "|"); err != nil || got != c.want || l.read != int64(len(c.in)) {
				t.Errorf("%.40q gave %.40q, %v, %d bytes of %d", c.in, got, err, l.read, len(c.in))
			}
		}
	}
}

func TestLineReaderNamesTheLine(t *testing.T) {
	for _, in := range []string{"a\n\n123456789\nb\n", "a\n\n123456789", "a\n\n12345678901234567890"} {
		lines, _, err := readLines(strings.NewReader(in), 8)
		if !errors.Is(err, kerr.MessageTooLarge) || !strings.HasPrefix(err.Error(), "line 3 ") || len(lines) != 1 {
			t.Errorf("%q: %v, %v", in, lines, err)
		}
	}
	if lines, _, err := readLines(strings.NewReader("12345678\r\n12345678\n12345678"), 8); err != nil || len(lines) != 3 {
		t.Errorf("lines of the limit: %v, %v", lines, err)
	}
	broken := errors.New("disk on fire")
	_, _, err := readLines(io.MultiReader(strings.NewReader("a\nb\nc"), iotest.ErrReader(broken)), 8)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a failing reader: %v", err)
	}
}

// FuzzLineReader compares with a plain reading of the same text.
func FuzzLineReader(f *testing.F) {
	f.Add("a\r\n\nb", 5)
	f.Add("aaaaaaaaaa\n", 3)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < 0 || limit > 1000 {
			return
		}
		var want []string
		tooLong := false
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.TrimSuffix(line, "\r")
			if tooLong = len(line) > limit; tooLong {
				break
			}
			if strings.TrimSpace(line) != "" {
				want = append(want, line)
			}
		}
		got, _, err := readLines(iotest.OneByteReader(strings.NewReader(text)), limit)
		if strings.Join(got, "\n") != strings.Join(want, "\n") || tooLong != errors.Is(err, kerr.MessageTooLarge) {
			t.Fatalf("%q at %d: %q (%v), want %q (too long: %v)", text, limit, got, err, want, tooLong)
		}
	})
}
