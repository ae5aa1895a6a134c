package prompt

import (
	"errors"
	"fmt"
	"io"

	"github.com/ergochat/readline"
)

// data returns the rows of COPY FROM STDIN as a person types them, up to a line
// that is \. alone.
func (p *Prompt) data(lines Lines) io.Reader {
	fmt.Fprint(p.Out, "Enter data to be copied followed by a newline.\nEnd with a backslash and a period on a line by itself, or an EOF signal.\n")
	return &typedData{lines: lines}
}

// typedData reads lines as data.
type typedData struct {
	lines Lines
	rest  string // of the line at hand
	end   error
}

var errInterrupted = errors.New("interrupted")

// Read implements io.Reader.
func (d *typedData) Read(p []byte) (int, error) {
	if d.rest == "" && d.end == nil {
		d.lines.SetPrompt(">> ")
		line, err := d.lines.ReadLine()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			d.end = errInterrupted // PostgreSQL hears of it, and drops the rows
		case err != nil:
			d.end = err
		case line == `\.`:
			d.end = io.EOF
		default:
			d.rest = line + "\n"
		}
	}
	if d.rest == "" {
		return 0, d.end
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}
