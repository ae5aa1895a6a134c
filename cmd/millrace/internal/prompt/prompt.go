// Package prompt is the interactive form of `millrace sql`: lines are read with
// history and editing until a semicolon ends a statement.
package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ergochat/readline"

	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/cmd/millrace/internal/session"
)

// Command is a backslash command beside \q and \?.
type Command struct {
	Help string
	Run  func(ctx context.Context) error
}

// Lines is where lines come from: a terminal with editing, or a test's text.
type Lines interface {
	SetPrompt(prompt string)
	// ReadLine returns readline.ErrInterrupt after Ctrl-C and io.EOF after Ctrl-D.
	ReadLine() (string, error)
	SaveToHistory(text string) error
}

// Prompt reads statements and carries them out until \q or Ctrl-D.
type Prompt struct {
	Session  *session.Session
	Out, Err io.Writer
	History  string // file; "" for none
	Commands map[string]Command
	// Explain words an error that is none of SQL.
	Explain func(error) []string
	// Interrupts has Ctrl-C go to a function until the returned one is called.
	Interrupts func(handler func()) (giveBack func())
}

// HistoryFile returns the file that keeps what was typed, as MILLRACE_HISTORY
// or the home folder says; "" where there is none.
func HistoryFile() string {
	if file, set := os.LookupEnv("MILLRACE_HISTORY"); set {
		return file
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".millrace_history")
}

// Run reads from the terminal until the person leaves.
func (p *Prompt) Run(ctx context.Context) error {
	lines, err := readline.NewFromConfig(&readline.Config{
		HistoryFile: p.History, HistoryLimit: 2000, DisableAutoSaveHistory: true, HistorySearchFold: true,
	})
	if err != nil {
		return fmt.Errorf("read from the terminal: %w", err)
	}
	defer func() { _ = lines.Close() }()
	// A signal that ends the process must not wait for the next line.
	stop := context.AfterFunc(ctx, func() { _ = lines.Close() })
	defer stop()
	fmt.Fprintln(p.Out, `Millrace: streams, continuous views, and all SQL of the target database. \? for help, \q to leave.`)
	err = p.Read(ctx, lines)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Read reads statements until the lines end.
func (p *Prompt) Read(ctx context.Context, lines Lines) error {
	p.Session.Inline = func() io.Reader { return p.data(lines) }
	pending := ""
	for ctx.Err() == nil {
		lines.SetPrompt(p.text(pending))
		line, err := lines.ReadLine()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			pending = ""
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read from the terminal: %w", err)
		}
		if pending == "" && strings.HasPrefix(strings.TrimSpace(line), `\`) {
			_ = lines.SaveToHistory(line) // a history that cannot be written is no reason to stop
			if leave := p.backslash(ctx, strings.TrimSpace(line)); leave {
				return nil
			}
			continue
		}
		if pending != "" {
			pending += "\n"
		}
		pending += line
		if rest := p.statements(ctx, pending); rest != pending {
			_ = lines.SaveToHistory(strings.TrimSpace(strings.ReplaceAll(pending, "\n", " ")))
			pending = rest
		}
		if strings.TrimSpace(pending) == "" {
			pending = ""
		}
	}
	return nil
}

// text is the prompt: - where a statement goes on, * and ! in a transaction and
// a failed one, as psql shows them.
func (p *Prompt) text(pending string) string {
	mark := map[byte]string{'T': "*", 'E': "!"}[p.Session.TxStatus()]
	if pending != "" {
		return "millrace-" + mark + "> "
	}
	return "millrace=" + mark + "> "
}

// statements carries out what is complete and returns the rest. An error is
// printed and ends the line's other statements.
func (p *Prompt) statements(ctx context.Context, text string) (rest string) {
	pieces := statement.Split(text)
	switch {
	case len(pieces) == 0 && strings.Contains(text, ";"):
		return "" // an empty statement
	case len(pieces) == 0 || !pieces[0].Terminated:
		return text
	}
	if last := pieces[len(pieces)-1]; !last.Terminated {
		rest = last.Text
		pieces = pieces[:len(pieces)-1]
	}
	for _, piece := range pieces {
		if !p.one(ctx, func(ctx context.Context) error { return p.Session.Piece(ctx, "", piece) }) {
			return ""
		}
	}
	return rest
}

// one carries something out, to be ended by Ctrl-C, and reports whether it succeeded.
func (p *Prompt) one(ctx context.Context, f func(ctx context.Context) error) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if p.Interrupts != nil {
		defer p.Interrupts(cancel)()
	}
	err := f(ctx)
	if err == nil {
		return true
	}
	if !errors.Is(err, session.ErrReported) {
		for _, line := range p.Explain(err) {
			fmt.Fprintln(p.Err, "ERROR: ", line)
		}
	}
	return false
}

// backslash carries out a backslash command and reports whether to leave.
func (p *Prompt) backslash(ctx context.Context, line string) (leave bool) {
	name, _, _ := strings.Cut(strings.TrimPrefix(line, `\`), " ")
	name = strings.TrimRight(name, ";")
	switch command, ok := p.Commands[name]; {
	case name == "q":
		return true
	case name == "?":
		p.help()
	case name == "copy":
		p.one(ctx, func(ctx context.Context) error { return p.Session.Piece(ctx, "", statement.Piece{Text: line}) })
	case ok:
		p.one(ctx, command.Run)
	default:
		fmt.Fprintf(p.Err, "invalid command \\%s: try \\?; all commands of psql are in psql\n", name)
	}
	return false
}

func (p *Prompt) help() {
	fmt.Fprint(p.Out, `Statements end with a semicolon and may have several lines.
  CREATE STREAM s (col type, …) WITH (partitions = 4)
  CREATE CONTINUOUS VIEW v AS SELECT … FROM s GROUP BY …
  DROP CONTINUOUS VIEW v;  DROP STREAM s CASCADE
  INSERT INTO s VALUES (…), (…)  COPY s FROM STDIN WITH (FORMAT csv)
  SELECT pipelinedb.flush()      wait until all that was produced is in the views
  any SQL of PostgreSQL          SELECT * FROM v …

`)
	for _, name := range slices.Sorted(maps.Keys(p.Commands)) {
		fmt.Fprintf(p.Out, "  \\%-10s %s\n", name, p.Commands[name].Help)
	}
	fmt.Fprintln(p.Out, `  \copy s FROM 'file' WITH (FORMAT csv, HEADER)   the rows of a file here, as psql has it
  \q         leave (or Ctrl-D); Ctrl-C drops the line, or ends the statement that runs`)
}
