package analyse

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/topology"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pure returns err as the *datum.Error that it must be.
func pure(t *testing.T, err error) *datum.Error {
	t.Helper()
	var failed *datum.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%v is no datum.Error", err)
	}
	return failed
}

func TestResolveColumns(t *testing.T) {
	conn := connect(t)
	stream, schema := resolved(t, conn, `CREATE STREAM s (a int NOT NULL, b decimal(10,2), c varchar(5), "D d" timestamptz, e pg_catalog.text, f timestamp(3))`)
	want := []struct {
		typeText string
		of       datum.Type
		typmod   int32
		notNull  bool
	}{
		{"integer", datum.Int4, -1, true},
		{"numeric(10,2)", datum.Numeric, 10<<16 + 2 + 4, false},
		{"character varying(5)", datum.Text, 9, false},
		{"timestamp with time zone", datum.TimestampTZ, -1, false},
		{"text", datum.Text, -1, false},
		{"timestamp(3) without time zone", datum.Timestamp, 3, false},
	}
	if len(schema) != len(want) {
		t.Fatalf("%d columns", len(schema))
	}
	for i, w := range want {
		if schema[i].Type != w.of || schema[i].Typmod != w.typmod || schema[i].NotNull != w.notNull || stream.Columns[i].TypeText != w.typeText {
			t.Errorf("%+v of %q, want %+v", schema[i], stream.Columns[i].TypeText, w)
		}
	}
}

// TestKindsOfColumns: what the values of every sort of type are kept as.
func TestKindsOfColumns(t *testing.T) {
	ctx := context.Background()
	conn := connect(t)
	for _, sql := range []string{
		`CREATE SCHEMA kinds`, `CREATE TYPE kinds."Mood" AS ENUM ('sad', 'ok', 'b''c')`, `CREATE DOMAIN kinds.odd AS int CHECK (VALUE % 2 = 1)`,
		`CREATE TYPE kinds.pair AS (a int, b text)`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if _, err := conn.Exec(ctx, "DROP SCHEMA kinds CASCADE"); err != nil {
			t.Error(err)
		}
	})
	parsed, err := statement.Parse(`CREATE STREAM s (a kinds."Mood", b kinds."Mood"[], c kinds.odd, d kinds.pair, e int4range, f uuid, g char(3)[],
		h interval day to hour, i jsonb, j kinds.odd[], k name, l cidr, m time(2), n varchar(3)[])`)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := ResolveColumns(ctx, conn, parsed.(*statement.CreateStream).Columns)
	if err != nil {
		t.Fatal(err)
	}
	enum, other := topology.EnumColumn, topology.OtherColumn
	want := []struct {
		kind topology.ColumnKind
		of   datum.Type
	}{
		{enum, datum.Enum},
		{topology.EnumArrayColumn, datum.ArrayOf(datum.Enum)},
		{other, datum.Other},
		{other, datum.Other},
		{other, datum.Other},
		{"", datum.UUID},
		{"", datum.ArrayOf(datum.Bpchar)},
		{other, datum.Other},
		{"", datum.JSONB},
		{other, datum.Other},
		{other, datum.Other},
		{"", datum.Cidr},
		{"", datum.Time},
		{"", datum.ArrayOf(datum.Text)},
	}
	for i, c := range columns {
		if c.Kind != want[i].kind || c.Type != want[i].of {
			t.Errorf("%s %s: kind %q of %v, want %q of %v", c.Name, c.TypeName, c.Kind, c.Type, want[i].kind, want[i].of)
		}
		if isEnum := c.Kind == enum || c.Kind == topology.EnumArrayColumn; isEnum != (c.Enum != nil) {
			t.Errorf("%s %s: enum %v", c.Name, c.TypeName, c.Enum)
		} else if isEnum && (c.Enum.Name != `kinds."Mood"` || !slices.Equal(c.Enum.Labels, []string{"sad", "ok", "b'c"})) {
			t.Errorf("%s: %+v", c.Name, c.Enum)
		}
	}
}

func TestResolveColumnsRefuses(t *testing.T) {
	conn := connect(t)
	for _, test := range []struct{ create, code, at string }{
		{`CREATE STREAM s (ä int, b nosuch)`, "42704", "nosuch"},
		{`CREATE STREAM s (a int[], b anyarray)`, "42P16", ""},
		{`CREATE STREAM s (a numeric(2000,1))`, datum.CodeInvalidParameter, ""},
		{`CREATE STREAM s (xmin int)`, "42701", ""},
	} {
		parsed, err := statement.Parse(test.create)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ResolveColumns(context.Background(), conn, parsed.(*statement.CreateStream).Columns)
		failed := pure(t, err)
		if failed.Code != test.code || test.at != "" && !strings.HasPrefix(string([]rune(test.create)[max(failed.Position-1, 0):]), test.at) {
			t.Errorf("%s: %+v", test.create, failed)
		}
	}
}

// The position is that in the whole statement, of PostgreSQL's errors too.
func TestPositionsAreTheStatements(t *testing.T) {
	conn := connect(t)
	stream, _ := testStream(t, conn)
	sql := `CREATE CONTINUOUS VIEW "ä" AS SELECT 'ü', nosuch FROM s`
	parsed, err := statement.Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	view := parsed.(*statement.CreateView)
	_, err = Analyse(context.Background(), conn, stream, view.Select, view.SelectPos-1)
	failed := pure(t, err)
	if failed.Code != datum.CodeUndefinedColumn || !strings.HasPrefix(string([]rune(sql)[failed.Position-1:]), "nosuch") {
		t.Errorf("%+v", failed)
	}
}

// One statement is one, also for a caller that did not split its script: the
// server itself refuses a second.
func TestOnlyOneStatement(t *testing.T) {
	ctx := context.Background()
	conn := connect(t)
	stream, _ := testStream(t, conn)
	for _, sql := range []string{"SELECT count(*) FROM s; CREATE TABLE trap (x int)", "SELECT count(*) FROM s;"} {
		if _, err := Analyse(ctx, conn, stream, sql, 0); pure(t, err).Code != datum.CodeSyntaxError {
			t.Errorf("%s: %v", sql, err)
		}
	}
	tx, err := begin(ctx, conn)
	if err != nil {
		t.Fatal(err)
	}
	defer rollback(tx)
	if err := run(ctx, tx, "SELECT 1; CREATE TABLE trap (x int)"); err == nil {
		t.Error("the server took two statements")
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	ctx := context.Background()
	conn := connect(t)
	stream, _ := testStream(t, conn)
	for _, sql := range []string{"SELECT count(*) FROM s", "SELECT nosuch FROM s"} {
		_, _ = Analyse(ctx, conn, stream, sql, 0)
	}
	var left int
	var style string
	err := conn.QueryRow(ctx, `SELECT count(*), current_setting('intervalstyle') || current_setting('lock_timeout')
		FROM pg_class WHERE relnamespace = pg_my_temp_schema()`).Scan(&left, &style)
	if err != nil || left != 0 || style == "postgres10s" {
		t.Errorf("%d relations, settings %s, %v", left, style, err)
	}
	if status := conn.PgConn().TxStatus(); status != 'I' {
		t.Errorf("the connection is in a transaction (%c)", status)
	}
}

// The stream hides a table of the same name, also one of pg_catalog.
func TestStreamHidesTables(t *testing.T) {
	conn := connect(t)
	if _, err := conn.Exec(context.Background(), `SET search_path = pg_catalog, public, "pg_temp"`); err != nil {
		t.Fatal(err)
	}
	stream, schema := resolved(t, conn, `CREATE STREAM pg_class (relname text)`)
	analysis, err := Analyse(context.Background(), conn, stream, "SELECT relname, count(*) FROM pg_class GROUP BY relname", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(schema) != 1 || analysis.Outputs[0].Type != "text" || len(analysis.Columns) != 1 {
		t.Errorf("%+v", analysis.Outputs)
	}
}

// Where the stream's text is compared, it is by COLLATE "C".
func TestTextIsCollateC(t *testing.T) {
	conn := connect(t)
	stream, _ := testStream(t, conn)
	analysis, err := Analyse(context.Background(), conn, stream, "SELECT min(t), max(v) FROM s", 0)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, name := range analysis.Collations {
		if name == "C" {
			found = true
		} else if name == "default" {
			t.Error("the default collation is in the tree")
		}
	}
	if !found {
		t.Errorf("collations %v", analysis.Collations)
	}
}

// Temporary objects are refused wherever they stand: nodes do not have them.
func TestTemporaryObjectsAreRefused(t *testing.T) {
	ctx := context.Background()
	conn := connect(t)
	stream, _ := testStream(t, conn)
	for _, sql := range []string{
		`CREATE TYPE pg_temp.feeling AS ENUM ('ok')`,
		`CREATE FUNCTION pg_temp.thrice(bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 3'`,
		`CREATE DOMAIN pg_temp.name5 AS text`,
		`CREATE AGGREGATE pg_temp.sum(bigint) (SFUNC = int8pl, STYPE = bigint)`,
		`CREATE TEMP TABLE gone (k integer)`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	for sql, at := range map[string]string{
		"SELECT max(t)::pg_temp.feeling AS m FROM s":                   "feeling",
		"SELECT pg_temp.thrice(count(*)) AS n FROM s":                  "thrice",
		"SELECT count(*) FROM s WHERE pg_temp.thrice(i8) > 3":          "thrice",
		"SELECT count(*) FROM s WHERE t::pg_temp.feeling = 'ok'":       "feeling",
		"SELECT t::pg_temp.name5 AS n, count(*) FROM s GROUP BY 1":     "name5",
		"SELECT pg_temp.sum(i8) AS n FROM s":                           "sum",
		"SELECT count(*) FILTER (WHERE pg_temp.thrice(i8) = 1) FROM s": "thrice",
		"SELECT count(*) FROM s JOIN gone ON k = i4":                   "gone",
	} {
		_, err := Analyse(ctx, conn, stream, sql, 0)
		failed := pure(t, err)
		if failed.Code != datum.CodeFeatureNotSupported || failed.Hint == "" || !strings.HasPrefix(sql[failed.Position-1:], at) {
			t.Errorf("%s: %+v", sql, failed)
		}
	}
}

func TestReadable(t *testing.T) {
	if err := readable("UTF8", "PostgreSQL 18.3 on x86_64-pc-linux-gnu"); err != nil {
		t.Error(err)
	}
	for _, bad := range [][2]string{{"LATIN1", "PostgreSQL 15 on x86_64"}, {"UTF8", "PostgreSQL 15 on s390x-ibm-linux-gnu"}} {
		if err := readable(bad[0], bad[1]); pure(t, err).Code != datum.CodeFeatureNotSupported {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestConnectionErrorsSayWhatWasTried(t *testing.T) {
	conn := connect(t)
	stream, _ := testStream(t, conn)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Analyse(ctx, conn, stream, "SELECT count(*) FROM s", 0)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "begin a transaction") {
		t.Errorf("%v", err)
	}
}
