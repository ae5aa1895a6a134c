package analyse

import (
	"context"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/statement"
)

func columnsOf(t *testing.T, create string) *statement.CreateStream {
	t.Helper()
	parsed, err := statement.Parse(create)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.(*statement.CreateStream)
}

// TestDefaults: what stands behind DEFAULT is evaluated once, by PostgreSQL, as the
// column's type.
func TestDefaults(t *testing.T) {
	conn := connect(t)
	for definition, want := range map[string]string{
		"a int DEFAULT 1 + 2":                                    "3",
		"a text DEFAULT 'it''s ' || upper('x')":                  "it's X",
		"a numeric(5,1) DEFAULT 1.25":                            "1.3",
		"a boolean DEFAULT true":                                 "t",
		"a date DEFAULT '2026-02-03'":                            "2026-02-03",
		"a timestamptz DEFAULT '2026-02-03 04:05:06+00'":         "2026-02-03 04:05:06+00",
		"a interval DEFAULT '1 day'::interval * 2":               "2 days",
		"a text DEFAULT ''":                                      "",
		"a varchar(3) DEFAULT 'ab'":                              "ab",
		"a double precision DEFAULT 0.1":                         "0.1",
		"a int NOT NULL DEFAULT (SELECTED.x) ":                   "! 0A000 SELECTED",
		"a int DEFAULT now()":                                    "! 42804 now",
		"a timestamptz DEFAULT now()":                            "! 0A000 now",
		"a double precision DEFAULT random()":                    "! 0A000 random",
		"a date DEFAULT current_date":                            "! 0A000 current_date",
		"a bigint DEFAULT nextval('nosuch')":                     "! 42P01 'nosuch'",
		"a int DEFAULT (SELECT 1)":                               "! 0A000 (SELECT",
		"a int DEFAULT 'x'":                                      "! 22P02 'x'",
		"a int DEFAULT 1/0":                                      "! 22012 1/0",
		"a varchar(3) DEFAULT 'abcd'":                            "! 22001 'abcd'",
		"a int DEFAULT 1) STORED); DROP TABLE nosuch; SELECT (1": "! 42601",
		"a text DEFAULT NULL":                                    "NULL",
		"a text":                                                 "NULL",
	} {
		if strings.Contains(definition, ";") {
			continue // the parser refuses it
		}
		create := "CREATE STREAM s (ä text, " + definition + ")"
		values, err := Defaults(context.Background(), conn, columnsOf(t, create).Columns)
		if refused, isError := strings.CutPrefix(want, "! "); isError {
			code, at, _ := strings.Cut(refused, " ")
			failed := pure(t, err)
			if failed.Code != code || failed.Position == 0 || !strings.HasPrefix(string([]rune(create)[failed.Position-1:]), at) {
				t.Errorf("%s: %+v", create, failed)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", create, err)
			continue
		}
		got := "NULL"
		if values[1] != nil {
			got = *values[1]
		}
		if got != want || values[0] != nil {
			t.Errorf("%s: got %q, want %q", create, got, want)
		}
	}
}

// TestLikeColumns: LIKE takes names, types, NOT NULL and perhaps the defaults over,
// and no generated columns as such.
func TestLikeColumns(t *testing.T) {
	conn := connect(t)
	ctx := context.Background()
	if _, err := conn.Exec(ctx, `CREATE TEMP TABLE "Place" (a int NOT NULL DEFAULT 5, gone int, b numeric(5,2), c int GENERATED ALWAYS AS (a + 1) STORED);
		ALTER TABLE "Place" DROP COLUMN gone`); err != nil {
		t.Fatal(err)
	}
	for _, defaults := range []bool{false, true} {
		columns, err := LikeColumns(ctx, conn, statement.Like{Ref: statement.Ref{Name: "Place", Pos: 7}, Defaults: defaults})
		if err != nil {
			t.Fatal(err)
		}
		if len(columns) != 3 || columns[0].Name != "a" || !columns[0].NotNull || columns[0].Default != map[bool]string{true: "5"}[defaults] ||
			columns[1].TypeText != "numeric(5,2)" || columns[2].Name != "c" || columns[2].Default != "" || columns[2].TypePos != 7 {
			t.Errorf("defaults %v: %+v", defaults, columns)
		}
	}
	_, err := LikeColumns(ctx, conn, statement.Like{Ref: statement.Ref{Schema: "public", Name: "nosuch", Pos: 3}})
	if failed := pure(t, err); failed.Code != "42P01" || failed.Position != 3 {
		t.Errorf("%+v", failed)
	}
	if _, err := conn.Exec(ctx, "CREATE TEMP SEQUENCE counter"); err != nil {
		t.Fatal(err)
	}
	_, err = LikeColumns(ctx, conn, statement.Like{Ref: statement.Ref{Name: "counter"}})
	if failed := pure(t, err); failed.Code != "42809" {
		t.Errorf("%+v", failed)
	}
}

// TestHiddenColumns: a hidden column is there where it is named, and never in *.
func TestHiddenColumns(t *testing.T) {
	stream := Stream{Name: "s", Columns: []Column{{Name: "a"}, {Name: "_offset", Hidden: true}, {Name: "_key", Hidden: true}}}
	for text, want := range map[string]string{
		"SELECT * FROM s":                            "a",
		"SELECT a, count(*) FROM s GROUP BY a":       "a",
		"SELECT _offset, count(*) FROM s":            "a _offset",
		`SELECT "_key" FROM s WHERE s._offset > 1`:   "a _offset _key",
		"SELECT a AS _offset, * FROM s":              "a",
		"SELECT a * _offset FROM s":                  "a _offset",
		"SELECT a, t.* FROM s JOIN t ON _offset = x": "a _offset",
		"SELECT *, _offset FROM s":                   "!",
		"SELECT _offset, * FROM s":                   "!",
		"SELECT s.*, _offset FROM s":                 "!",
		"SELECT e.*, _offset FROM s AS e":            "!",
		"SELECT e.*, _offset FROM s e":               "!",
		"SELECT DISTINCT * FROM s WHERE _offset > 1": "!",
		"SELECT DISTINCT ON (_offset) * FROM s":      "!",
	} {
		got, err := visible(stream, text, 10)
		if want == "!" {
			if failed := pure(t, err); failed.Code != "0A000" || []rune(text)[failed.Position-11] != '*' {
				t.Errorf("%s: %+v", text, failed)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var names []string
		for _, c := range got.Columns {
			names = append(names, c.Name)
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%s: %v, want %s", text, names, want)
		}
	}
}
