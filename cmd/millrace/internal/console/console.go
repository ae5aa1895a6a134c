package console

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// Console writes to a terminal or to something else. One goroutine uses it.
type Console struct {
	w        io.Writer
	terminal bool
	colours  bool
	size     func() (columns, rows int)
	drawn    int // lines of the block that stand on the terminal
}

// New returns a console. NO_COLOR and TERM=dumb are obeyed.
func New(w io.Writer) *Console {
	c := &Console{w: w, size: func() (int, int) { return 80, 24 }}
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("TERM") == "dumb" {
		return c
	}
	c.terminal, c.colours = true, os.Getenv("NO_COLOR") == ""
	c.size = func() (int, int) {
		columns, rows, err := term.GetSize(int(file.Fd()))
		if err != nil || columns < 20 || rows < 5 {
			return 80, 24
		}
		return columns, rows
	}
	return c
}

// Terminal reports whether what was written can be drawn over.
func (c *Console) Terminal() bool { return c.terminal }

// Printf writes a text below what stands there.
func (c *Console) Printf(format string, args ...any) {
	c.Keep()
	fmt.Fprintf(c.w, format, args...)
}

// Write writes below what stands there.
func (c *Console) Write(p []byte) (int, error) {
	c.Keep()
	return c.w.Write(p)
}

// Draw shows a block of text in the place of the last one, on a terminal; it
// writes nothing elsewhere.
func (c *Console) Draw(block string) {
	if !c.terminal {
		return
	}
	columns, rows := c.size()
	lines := strings.Split(strings.TrimRight(block, "\n"), "\n")
	lines = lines[:min(len(lines), rows-1)]
	var out strings.Builder
	if c.drawn > 0 {
		fmt.Fprintf(&out, "\x1b[%dA", c.drawn)
	}
	for _, line := range lines {
		fmt.Fprintf(&out, "\r\x1b[K%s\n", cut(line, columns-1))
	}
	out.WriteString("\x1b[J")
	_, _ = io.WriteString(c.w, out.String())
	c.drawn = len(lines)
}

// Keep leaves the block that was drawn last where it is.
func (c *Console) Keep() { c.drawn = 0 }

// Clear takes away the block that was drawn last.
func (c *Console) Clear() {
	if c.drawn > 0 {
		fmt.Fprintf(c.w, "\x1b[%dA\r\x1b[J", c.drawn)
		c.drawn = 0
	}
}

// cut shortens a line to n characters; lines with colours are short.
func cut(line string, n int) string {
	runes := []rune(line)
	if len(runes) <= n || strings.Contains(line, "\x1b") {
		return line
	}
	return string(runes[:n])
}

// Bold makes a heading stand out, where that can be seen.
func (c *Console) Bold(s string) string { return c.colour("1", s) }

// Green colours what went well.
func (c *Console) Green(s string) string { return c.colour("32", s) }

// Red colours what went wrong.
func (c *Console) Red(s string) string { return c.colour("31", s) }

func (c *Console) colour(code, s string) string {
	if !c.colours {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Number writes a number with thousands marks: 200,000.
func Number(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// Bar returns a bar of 30 characters that is full at 1.
func Bar(share float64) string {
	const wide = 30
	full := int(max(0, min(1, share)) * wide)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", wide-full) + "]"
}
