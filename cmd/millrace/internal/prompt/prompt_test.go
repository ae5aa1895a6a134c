package prompt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ergochat/readline"

	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/cmd/millrace/internal/ddl"
	"github.com/millrace/millrace/cmd/millrace/internal/session"
	"github.com/millrace/millrace/topology"
)

// typed is a person who types: lines, "^C" for an interrupt.
type typed struct {
	lines   []string
	prompts []string
	history []string
	prompt  string
}

func (t *typed) SetPrompt(prompt string) { t.prompt = prompt }

func (t *typed) ReadLine() (string, error) {
	t.prompts = append(t.prompts, t.prompt)
	if len(t.lines) == 0 {
		return "", io.EOF
	}
	line := t.lines[0]
	t.lines = t.lines[1:]
	if line == "^C" {
		return "", readline.ErrInterrupt
	}
	return line, nil
}

func (t *typed) SaveToHistory(text string) error { t.history = append(t.history, text); return nil }

// echo carries out everything by writing it down.
type echo struct{ ran []string }

func (*echo) Ours(context.Context, statement.Statement) (bool, error) { return true, nil }

func (e *echo) Execute(_ context.Context, sql string) (ddl.Result, error) {
	e.ran = append(e.ran, sql)
	if strings.Contains(sql, "broken") {
		return ddl.Result{}, errors.New("cannot connect to Kafka")
	}
	return ddl.Result{Tag: "CREATE STREAM"}, nil
}

func (e *echo) Flush(context.Context) error { return nil }

func (*echo) Stream(context.Context, statement.Ref) (*topology.Stream, error) { return nil, nil }

func (*echo) Write(context.Context, *topology.Stream, int64) (session.Records, error) {
	return nil, errors.New("nothing writes")
}

func read(t *testing.T, lines ...string) (person *typed, ran []string, out, errOut string) {
	t.Helper()
	var outBuffer, errBuffer bytes.Buffer
	e := &echo{}
	p := &Prompt{
		Session: &session.Session{Millrace: e, Out: &outBuffer, Err: &errBuffer}, Out: &outBuffer, Err: &errBuffer,
		Explain:  func(err error) []string { return []string{err.Error()} },
		Commands: map[string]Command{"views": {Help: "list views", Run: func(context.Context) error { outBuffer.WriteString("the views\n"); return nil }}},
	}
	person = &typed{lines: lines}
	if err := p.Read(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	return person, e.ran, outBuffer.String(), errBuffer.String()
}

func TestStatementsOfSeveralLines(t *testing.T) {
	person, ran, _, _ := read(t, "create stream a", "  (x int);", "", "create stream b (y text); create stream", "c (z int); ;", ";")
	want := []string{"create stream a\n  (x int);", "create stream b (y text);", "create stream\nc (z int);"}
	if !slices.Equal(ran, want) {
		t.Errorf("ran %q", ran)
	}
	if want := []string{"millrace=> ", "millrace-> ", "millrace=> ", "millrace=> ", "millrace-> ", "millrace=> ", "millrace=> "}; !slices.Equal(person.prompts, want) {
		t.Errorf("prompts %q", person.prompts)
	}
	if len(person.history) == 0 || person.history[0] != "create stream a   (x int);" {
		t.Errorf("history %q", person.history)
	}
}

func TestSemicolonsInStringsEndNothing(t *testing.T) {
	_, ran, _, _ := read(t, "create stream a with (topic = 'x;", "y');", "create stream b -- ;", "(c int);")
	if len(ran)+1 < 2 || strings.Contains(strings.Join(ran, ""), "y'") && !strings.Contains(strings.Join(ran, ""), "x;\ny") {
		t.Errorf("ran %q", ran)
	}
}

func TestInterruptDropsTheLine(t *testing.T) {
	_, ran, _, _ := read(t, "create stream wrong", "^C", "create stream right (a int);")
	if !slices.Equal(ran, []string{"create stream right (a int);"}) {
		t.Errorf("ran %q", ran)
	}
}

func TestErrorsDoNotEndThePrompt(t *testing.T) {
	_, ran, _, errOut := read(t, "create stream broken (a int); create stream never (a int);", "create stream (;", ");", "create stream next (a int);")
	if !strings.Contains(errOut, "ERROR:  cannot connect to Kafka") || !strings.Contains(errOut, "ERROR:  42601: syntax error") {
		t.Errorf("said %q", errOut)
	}
	if !slices.Equal(ran, []string{"create stream broken (a int);", "create stream next (a int);"}) {
		t.Errorf("ran %q", ran)
	}
}

func TestBackslashCommands(t *testing.T) {
	_, ran, out, errOut := read(t, `\views`, `\?`, `\dt`, ` \q;`, "create stream never (a int);")
	if len(ran) > 0 || !strings.Contains(out, "the views\n") || !strings.Contains(out, `\views      list views`) || !strings.Contains(errOut, `invalid command \dt`) {
		t.Errorf("ran %q, printed %q, said %q", ran, out, errOut)
	}
}

func TestDataIsTyped(t *testing.T) {
	person := &typed{lines: []string{"a\t1", "", `\.`, "next"}}
	var out bytes.Buffer
	p := &Prompt{Out: &out}
	data, err := io.ReadAll(p.data(person))
	if err != nil || string(data) != "a\t1\n\n" || !slices.Equal(person.prompts[1:], []string{">> ", ">> "}) || !strings.Contains(out.String(), "Enter data") {
		t.Errorf("read %q, %v, prompts %q, printed %q", data, err, person.prompts, out.String())
	}
	if _, err := io.ReadAll(p.data(&typed{lines: []string{"a", "^C"}})); !errors.Is(err, errInterrupted) {
		t.Errorf("an interrupt gave %v", err)
	}
	if data, err := io.ReadAll(p.data(&typed{lines: []string{"a"}})); err != nil || string(data) != "a\n" {
		t.Errorf("the end of the input gave %q, %v", data, err)
	}
}

func TestCopyAtThePrompt(t *testing.T) {
	_, _, _, errOut := read(t, `\copy`, `\copy s from /nonexistent/file`)
	if !strings.Contains(errOut, `\copy: parse error`) || !strings.Contains(errOut, "58P01: /nonexistent/file: no such file") {
		t.Errorf("said %q", errOut)
	}
}
