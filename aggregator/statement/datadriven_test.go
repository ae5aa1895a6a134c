package statement

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/millrace/millrace/aggregator/datum"
)

// TestScripts runs testdata/*. Commands: lex prints tokens, split the pieces of
// a script, parse a statement, from the relations in FROM, subselect the first
// sub-SELECT there, casts the columns that a SELECT's casts declare. Errors show
// a caret under their position.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "lex":
				return lexed(d.Input)
			case "split":
				return split(d.Input)
			case "parse":
				return parsed(d.Input)
			case "from":
				return fmt.Sprintln(StreamNames(d.Input))
			case "subselect":
				return fmt.Sprintln(SubSelectInFrom(d.Input))
			case "casts":
				columns, err := CastColumns(d.Input, "s")
				if err != nil {
					return failure(d.Input, err)
				}
				return columnLines(columns)
			}
			t.Fatalf("unknown command %q", d.Cmd)
			return ""
		})
	})
}

func lexed(sql string) string {
	var out strings.Builder
	tokens, err := Tokens(sql)
	kinds := [...]string{"end", "ident", "quoted", "string", "bits", "number", "param", "operator", "punct"}
	for _, token := range tokens {
		fmt.Fprintf(&out, "%d %s %q", token.Pos, kinds[token.Kind], token.Value)
		if token.Text != token.Value {
			fmt.Fprintf(&out, " of %q", token.Text)
		}
		out.WriteByte('\n')
	}
	if err != nil {
		out.WriteString(failure(sql, err))
	}
	return out.String()
}

func split(script string) string {
	var out strings.Builder
	for _, piece := range Split(script) {
		fmt.Fprintf(&out, "%d line %d terminated=%v %q\n", piece.Pos, piece.Line, piece.Terminated, piece.Text)
	}
	return out.String()
}

func parsed(sql string) string {
	found, err := Parse(sql)
	if err != nil {
		_, planned := found.(*NotBuilt)
		return map[bool]string{true: "not built\n"}[planned] + failure(sql, err)
	}
	switch s := found.(type) {
	case *ExplainView:
		if s.Create != nil {
			return fmt.Sprintf("explain view %s %q at %d\n", s.Create.Name, s.Create.Select, s.Create.SelectPos)
		}
		return fmt.Sprintf("explain %q.%q at %d\n", s.Schema, s.Name, s.Pos)
	case *CreateStream:
		return fmt.Sprintf("create stream %q at %d exists=%v\n", s.Name, s.NamePos, s.IfNotExists) + columnLines(s.Columns) + likeLines(s.Like) + optionLines(s.Options)
	case *AlterStream:
		out := fmt.Sprintf("alter stream %v exists=%v foreign=%v\n", s.Ref, s.IfExists, s.Foreign)
		for _, a := range s.Add {
			out += fmt.Sprintf("add exists=%v ", a.IfNotExists) + columnLines([]ColumnDef{a.ColumnDef})
		}
		return out
	case *CreateView:
		spelling := [...]string{"continuous", "action", "plain"}[s.Spelling]
		return fmt.Sprintf("create view %q at %d spelling=%s exists=%v replace=%v\n", s.Name, s.NamePos, spelling, s.IfNotExists, s.OrReplace) +
			optionLines(s.Options) + fmt.Sprintf("select at %d: %q\n", s.SelectPos, s.Select)
	case *DropStream:
		return fmt.Sprintf("drop stream %v exists=%v cascade=%v foreign=%v\n", s.Names, s.IfExists, s.Cascade, s.Foreign)
	case *DropView:
		return fmt.Sprintf("drop view %v exists=%v cascade=%v continuous=%v\n", s.Names, s.IfExists, s.Cascade, s.Continuous)
	case *Insert:
		return fmt.Sprintf("insert into %v in %q alias=%v conflict=%d\n", s.Into.Ref, sql[s.Into.Start:s.Into.End], s.Alias, s.Conflict)
	case *Copy:
		return fmt.Sprintf("copy %v in %q from=%v at %d client=%v\n", s.Table.Ref, sql[s.Table.Start:s.Table.End], s.From, s.Pos, s.Client)
	case *FlushCall:
		return "flush\n"
	case *Postgres:
		return "postgres\n"
	}
	return fmt.Sprintf("%T\n", found)
}

func columnLines(columns []ColumnDef) string {
	var out strings.Builder
	for _, c := range columns {
		fmt.Fprintf(&out, "column %q at %d type %q at %d notnull=%v", c.Name, c.Pos, c.TypeText, c.TypePos, c.NotNull)
		if c.Default != "" {
			fmt.Fprintf(&out, " default %q at %d", c.Default, c.DefaultPos)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func likeLines(all []Like) string {
	var out strings.Builder
	for _, l := range all {
		fmt.Fprintf(&out, "like %v behind %d columns defaults=%v\n", l.Ref, l.At, l.Defaults)
	}
	return out.String()
}

func optionLines(options map[string]Option) string {
	var out strings.Builder
	names := slices.SortedFunc(maps.Keys(options), func(a, b string) int { return cmp.Compare(options[a].Pos, options[b].Pos) })
	for _, name := range names {
		fmt.Fprintf(&out, "option %s = %q at %d\n", name, options[name].Value, options[name].Pos)
	}
	return out.String()
}

// failure prints an error as psql does, the line and the caret included.
func failure(sql string, err error) string {
	var pure *datum.Error
	if !errors.As(err, &pure) {
		return "not a datum.Error: " + err.Error() + "\n"
	}
	out := fmt.Sprintf("ERROR: %s: %s\n", pure.Code, pure.Message)
	if pure.Position > 0 {
		runes := []rune(sql + " ")
		at := min(pure.Position-1, len(runes)-1)
		line, column := 1, 0
		for _, r := range runes[:at] {
			column++
			if r == '\n' {
				line, column = line+1, 0
			}
		}
		out += fmt.Sprintf("LINE %d: %s\n%s^\n", line, strings.Split(sql, "\n")[line-1], strings.Repeat(" ", column+len("LINE 1: ")))
	}
	if pure.Detail != "" {
		out += "DETAIL: " + pure.Detail + "\n"
	}
	if pure.Hint != "" {
		out += "HINT: " + pure.Hint + "\n"
	}
	return out
}
