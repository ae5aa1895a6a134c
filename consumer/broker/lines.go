package broker

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/twmb/franz-go/pkg/kerr"
)

// lineReader cuts its input into lines that stay valid: they are parts of
// buffers which are never written again, so that no line is copied and most
// lines cost no allocation.
type lineReader struct {
	r     io.Reader
	limit int // of a line's bytes

	rest []byte // read, not yet cut
	buf  []byte // the space behind rest
	err  error  // why nothing more will be read

	line int64 // number of the line that next returned last, from 1
	read int64 // bytes cut off so far
}

const lineBuffer = 1 << 20

func newLineReader(r io.Reader, limit int) *lineReader {
	return &lineReader{r: r, limit: limit}
}

// next returns the next line that is not blank, without its line end, and
// io.EOF behind the last one.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.cut()
		if err != nil {
			return nil, err
		}
		l.line++
		line = bytes.TrimSuffix(line, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) > l.limit {
			return nil, l.tooLong()
		}
		if len(bytes.TrimSpace(line)) > 0 {
			return line, nil
		}
	}
}

// cut returns the next line with its line end.
func (l *lineReader) cut() ([]byte, error) {
	searched := 0
	for {
		if i := bytes.IndexByte(l.rest[searched:], '\n'); i >= 0 {
			return l.take(searched + i + 1), nil
		}
		searched = len(l.rest)
		if searched > l.limit+len("\r\n") {
			l.line++
			return nil, l.tooLong()
		}
		if l.err != nil {
			if len(l.rest) > 0 && errors.Is(l.err, io.EOF) {
				return l.take(len(l.rest)), nil
			}
			return nil, l.err
		}
		l.fill()
	}
}

func (l *lineReader) take(n int) []byte {
	line := l.rest[:n:n]
	l.rest = l.rest[n:]
	l.read += int64(n)
	return line
}

// fill reads more behind rest; where the buffer is used up, rest moves into a
// new one.
func (l *lineReader) fill() {
	if len(l.buf) == 0 {
		next := make([]byte, max(lineBuffer, 2*len(l.rest)))
		n := copy(next, l.rest)
		l.rest, l.buf = next[:n], next[n:]
	}
	n, err := l.r.Read(l.buf)
	l.rest = l.rest[:len(l.rest)+n]
	l.buf = l.buf[n:]
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read behind line %d: %w", l.line, err)
	}
	l.err = err
}

func (l *lineReader) tooLong() error {
	return fmt.Errorf("line %d is longer than the %d bytes that the topic's max.message.bytes leaves for a record: %w", l.line, l.limit, kerr.MessageTooLarge)
}
