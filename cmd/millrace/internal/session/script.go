package session

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/millrace/millrace/aggregator/statement"
)

// script is a text of statements that is read as it is carried out: data of COPY
// FROM STDIN may stand in it, more than there is memory.
type script struct {
	from io.Reader
	text string // read, and not carried out yet
	line int    // of the text's beginning, from 0
	end  bool   // nothing more will be read
}

const scriptChunk = 64 << 10

// next returns the next statement; none behind the last.
func (s *script) next() (statement.Piece, error) {
	for {
		piece, length := statement.First(s.text)
		if piece.Text != "" && (piece.Terminated || s.end) {
			piece.Line += s.line
			s.take(length)
			return piece, nil
		}
		if s.end {
			return statement.Piece{}, nil
		}
		if err := s.more(); err != nil {
			return statement.Piece{}, err
		}
	}
}

// take goes behind the text's first bytes.
func (s *script) take(n int) {
	s.line += strings.Count(s.text[:n], "\n")
	s.text = s.text[n:]
}

// more reads until there is something that may end a statement.
func (s *script) more() error {
	var read strings.Builder
	for {
		chunk, err := s.chunk()
		read.WriteString(chunk)
		if err != nil || s.end || strings.ContainsAny(chunk, `;\`) {
			s.text += read.String()
			return err
		}
	}
}

// chunk reads what there is, and notes the end.
func (s *script) chunk() (string, error) {
	chunk := make([]byte, scriptChunk)
	n, err := s.from.Read(chunk)
	s.end = err != nil
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the script: %w", err)
	}
	return string(chunk[:n]), nil
}

// fill reads on behind the text.
func (s *script) fill() error {
	chunk, err := s.chunk()
	s.text += chunk
	return err
}

// inline is the data of a COPY FROM STDIN that stands in the script, from the
// line behind the statement's to one that is \. alone.
type inline struct {
	script *script
	carry  string // what stands behind the statement on its line
	begun  bool   // the statement's line is left
	within bool   // the line at hand is read in part
	done   bool
}

// Read implements io.Reader.
func (d *inline) Read(p []byte) (n int, err error) {
	if !d.begun {
		if err := d.begin(); err != nil {
			return 0, err
		}
	}
	s := d.script
	for n < len(p) && !d.done {
		if !d.within {
			if err := d.look(); err != nil || d.done {
				break
			}
		}
		if s.text == "" {
			if n > 0 {
				return n, nil
			}
			if err := s.fill(); err != nil {
				return 0, err
			}
			if s.text == "" && s.end {
				d.finish()
			}
			continue
		}
		end := strings.IndexByte(s.text, '\n') + 1
		d.within = end == 0 || end > len(p)-n
		if end == 0 {
			end = len(s.text)
		}
		end = copy(p[n:], s.text[:end])
		s.take(end)
		n += end
	}
	if n == 0 && d.done {
		return 0, io.EOF
	}
	return n, err
}

// begin goes to the line behind the statement's.
func (d *inline) begin() error {
	d.begun = true
	s := d.script
	for !strings.Contains(s.text, "\n") && !s.end {
		if err := s.fill(); err != nil {
			return err
		}
	}
	carry, _, more := strings.Cut(s.text, "\n")
	if d.carry = carry; more {
		carry += "\n"
	}
	s.take(len(carry))
	return nil
}

// look ends the data where the line that begins here is its end.
func (d *inline) look() error {
	s := d.script
	for len(s.text) < len("\\.\r\n") && !strings.Contains(s.text, "\n") && !s.end {
		if err := s.fill(); err != nil {
			return err
		}
	}
	line, _, more := strings.Cut(s.text, "\n")
	if strings.TrimSuffix(line, "\r") == `\.` {
		if more {
			line += "\n"
		}
		s.take(len(line))
		d.finish()
	}
	return nil
}

// finish gives back what stands behind the statement on its line.
func (d *inline) finish() {
	d.done = true
	if strings.TrimSpace(d.carry) != "" {
		d.script.text = d.carry + "\n" + d.script.text
		d.script.line--
	}
}
