package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
)

// backslash carries out \copy, and returns the statement that it stands for.
func (s *Session) backslash(ctx context.Context, text string) (sql string, err error) {
	rest, ok := strings.CutPrefix(text, `\copy`)
	if !ok || rest != "" && !strings.ContainsAny(rest[:1], " \t(") {
		return text, &datum.Error{
			Code: datum.CodeSyntaxError, Message: "backslash commands are psql's own", Position: 1,
			Hint: `Use psql for them; millrace sql knows \copy and \q, and its prompt \? too.`,
		}
	}
	c, err := parseCopy(rest)
	if err != nil {
		return text, err
	}
	if err := s.open(ctx, c); err != nil {
		return text, err
	}
	err = s.execute(ctx, c.sql)
	return c.sql, errors.Join(err, s.closeCopy())
}

// copyCommand is \copy taken apart.
type copyCommand struct {
	sql     string // the COPY … STDIN or STDOUT that it stands for
	from    bool
	file    string // a path, or the command of program; "" for a standard stream
	program bool
	process bool // pstdin or pstdout: the process's own, not the script
}

// parseCopy reads what stands behind \copy: relation [(columns)] or (query),
// FROM or TO, a file, PROGRAM 'command', stdin, stdout, pstdin or pstdout, and
// the options of COPY. A file's name need not be quoted.
func parseCopy(rest string) (*copyCommand, error) {
	lexer := statement.NewLexer(rest)
	var word statement.Token
	for depth := 0; ; {
		token, bad := lexer.Next()
		if bad != nil || token.Kind == statement.End {
			return nil, copyError(rest)
		}
		if token.IsOp("(") {
			depth++
		}
		if token.IsOp(")") {
			depth--
		}
		if depth == 0 && (token.Is("from") || token.Is("to")) {
			word = token
			break
		}
	}
	c := &copyCommand{from: word.Is("from")}
	name, quoted, options := firstWord(rest[word.End:])
	if !quoted && strings.EqualFold(name, "program") {
		if name, quoted, options = firstWord(options); !quoted {
			return nil, copyError(rest)
		}
		c.program = true
	}
	if name == "" && !quoted {
		return nil, copyError(rest)
	}
	c.file = name
	if !quoted {
		switch strings.ToLower(name) {
		case "stdin", "stdout":
			c.file = ""
		case "pstdin", "pstdout":
			c.file, c.process = "", true
		}
	}
	c.sql = "COPY " + strings.TrimSpace(rest[:word.Start]) + map[bool]string{true: " FROM STDIN ", false: " TO STDOUT "}[c.from] + options
	c.sql = strings.TrimSpace(c.sql)
	return c, nil
}

func copyError(rest string) error {
	return &datum.Error{
		Code: datum.CodeSyntaxError, Message: `\copy: parse error at or near "` + strings.TrimSpace(rest) + `"`,
		Hint: `Write \copy relation [(column, …)] FROM 'file' WITH (FORMAT csv, HEADER), on one line.`,
	}
}

// firstWord cuts off a word, or a text in single quotes, which are doubled in it.
func firstWord(text string) (word string, quoted bool, rest string) {
	text = strings.TrimLeft(text, " \t")
	if !strings.HasPrefix(text, "'") {
		end := strings.IndexAny(text, " \t;")
		if end < 0 {
			end = len(text)
		}
		return text[:end], false, strings.TrimLeft(text[end:], " \t")
	}
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] == '\'' {
			if i+1 == len(text) || text[i+1] != '\'' {
				return out.String(), true, strings.TrimLeft(text[i+1:], " \t")
			}
			i++
		}
		out.WriteByte(text[i])
	}
	return "", false, ""
}

// open opens what \copy reads or writes.
func (s *Session) open(ctx context.Context, c *copyCommand) error {
	switch {
	case c.program:
		return s.start(ctx, c)
	case c.file != "" && c.from:
		file, err := os.Open(expanded(c.file))
		if err != nil {
			return fileError(c.file, err)
		}
		s.from, s.closers = file, append(s.closers, file.Close)
	case c.file != "":
		file, err := os.Create(expanded(c.file))
		if err != nil {
			return fileError(c.file, err)
		}
		s.to, s.closers = file, append(s.closers, file.Close)
	case c.from && c.process && s.In != nil:
		s.from = s.In
	}
	return nil
}

// start starts the program that \copy reads from or writes to.
func (s *Session) start(ctx context.Context, c *copyCommand) error {
	program := exec.CommandContext(ctx, "sh", "-c", c.file) // the person's own command, on the person's machine
	program.Stderr = s.Err
	end := func() error {
		if err := program.Wait(); err != nil {
			return &datum.Error{Code: "38000", Message: fmt.Sprintf("program %q failed: %v", c.file, err)}
		}
		return nil
	}
	if c.from {
		pipe, err := program.StdoutPipe()
		if err != nil {
			return fileError(c.file, err)
		}
		reader := &programReader{pipe: pipe, end: sync.OnceValue(end)}
		s.from, s.closers = reader, append(s.closers, reader.close)
	} else {
		program.Stdout = s.Out
		pipe, err := program.StdinPipe()
		if err != nil {
			return fileError(c.file, err)
		}
		s.to, s.closers = pipe, append(s.closers, pipe.Close, end)
	}
	if err := program.Start(); err != nil {
		s.from, s.to, s.closers = nil, nil, nil
		return fileError(c.file, err)
	}
	return nil
}

// programReader is what a program prints. One that fails fails the COPY, too:
// what it has printed may not be all.
type programReader struct {
	pipe io.ReadCloser
	end  func() error
}

// Read implements io.Reader.
func (r *programReader) Read(p []byte) (int, error) {
	n, err := r.pipe.Read(p)
	if errors.Is(err, io.EOF) {
		if failed := r.end(); failed != nil {
			err = failed
		}
	}
	return n, err
}

// close ends a program that was not read to its end: its error is not asked for.
func (r *programReader) close() error {
	_ = r.pipe.Close()
	_ = r.end()
	return nil
}

// closeCopy closes what open opened.
func (s *Session) closeCopy() error {
	var errs []error
	for _, closed := range s.closers {
		errs = append(errs, closed())
	}
	s.from, s.to, s.closers = nil, nil, nil
	return errors.Join(errs...)
}

func fileError(name string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &datum.Error{Code: "58P01", Message: fmt.Sprintf("%s: %v", name, err)}
}

// expanded is a path whose ~ is the home folder.
func expanded(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}
