package statement

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/datum"
)

func FuzzTokens(f *testing.F) {
	for _, seed := range []string{
		"SELECT 'a''b', E'\\n', $$x$$, U&\"\\0061\" UESCAPE '!' -- c\n/* /* */ */ 1.5e3::int", "\"\"", "$a$", "1_0", "ä\xff'", "0x", "a@-b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		tokens, err := Tokens(sql)
		end, pos := 0, 1
		for _, token := range tokens {
			if token.Start < end || token.End <= token.Start || token.End > len(sql) || sql[token.Start:token.End] != token.Text {
				t.Fatalf("token %+v after byte %d", token, end)
			}
			if want := pos + utf8.RuneCountInString(sql[end:token.Start]); utf8.ValidString(sql) && token.Pos != want {
				t.Fatalf("token %+v stands at %d", token, want)
			}
			end, pos = token.End, token.Pos+utf8.RuneCountInString(token.Text)
		}
		if err != nil && (err.Position < 1 || err.Position > utf8.RuneCountInString(sql)) {
			t.Fatalf("position %d of %q", err.Position, sql)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"CREATE STREAM s (a int NOT NULL, b numeric(10,2)) WITH (topic='t', partitions=4)",
		"CREATE VIEW v WITH (action=materialize) AS SELECT a::int, CAST(b AS double precision) FROM s GROUP BY 1",
		"CREATE FOREIGN TABLE s (x interval day to second) SERVER pipelinedb OPTIONS (topic 'x')",
		"DROP STREAM IF EXISTS a, b.c CASCADE", "SELECT pipelinedb.flush()", "CREATE", "DROP VIEW ;;",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		for _, piece := range Split(sql) {
			if !strings.Contains(sql, piece.Text) || piece.Pos < 1 || piece.Line < 1 {
				t.Fatalf("piece %+v", piece)
			}
		}
		found, err := Parse(sql)
		var pure *datum.Error
		if err != nil && !errors.As(err, &pure) {
			t.Fatalf("%v is no datum.Error", err)
		}
		if err == nil && found == nil {
			t.Fatal("neither a statement nor an error")
		}
		if view, ok := found.(*CreateView); ok && err == nil {
			if runes := []rune(sql); utf8.ValidString(sql) && !strings.HasPrefix(string(runes[view.SelectPos-1:]), view.Select) {
				t.Fatalf("SELECT is not at %d", view.SelectPos)
			}
			_, _ = CastColumns(view.Select, "s")
			StreamNames(view.Select)
		}
		if stream, ok := found.(*CreateStream); ok && err == nil {
			for _, c := range stream.Columns {
				if !IsTypeName(c.TypeText) {
					t.Fatalf("type %q", c.TypeText)
				}
			}
		}
	})
}
