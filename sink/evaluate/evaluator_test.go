package evaluate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink/evaluate"
)

// must evaluates a program that has to work as a whole.
func (d *database) must(p *query.Remote, inputs []*column.Vector, rows int) *aggregator.Evaluated {
	d.t.Helper()
	got, err := d.evaluator.Evaluate(d.t.Context(), p, inputs, rows)
	if err != nil {
		d.t.Fatal(err)
	}
	return got
}

// samples are values of the scalar types, as their input functions take them.
var samples = map[datum.Type][]string{
	datum.Bool:        {"true", "false"},
	datum.Int2:        {"-32768", "32767"},
	datum.Int4:        {"-2147483648", "2147483647"},
	datum.Int8:        {"-9223372036854775808", "9223372036854775807"},
	datum.Float4:      {"0.1", "-Infinity"},
	datum.Float8:      {"0.1", "-1e+300"},
	datum.Numeric:     {"-123456789012345678901234567890.0001", "1.10", "NaN"},
	datum.Text:        {"", "wörd", `quo"te\`},
	datum.Date:        {"1999-01-01", "infinity"},
	datum.Timestamp:   {"1999-12-31 23:59:59.999999", "-infinity"},
	datum.TimestampTZ: {"2020-01-01 00:00:00+00"},
	datum.Interval:    {"-3 mons +2 days -00:00:00.000001", "1 mon"},
	datum.Bytea:       {`\x00ff`, `\x`},
	datum.Bpchar:      {"a  ", "b"},
	datum.Time:        {"00:00:00", "24:00:00"},
	datum.UUID:        {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	datum.JSON:        {`{"b": 1,  "a":[1]}`, "null"},
	datum.JSONB:       {`{"b": 1.0, "a": [1]}`, `"x"`},
	datum.Inet:        {"10.1.2.3/8", "::1"},
	datum.Cidr:        {"10.0.0.0/8", "2001:db8::/32"},
}

// TestTypes: every type goes there and comes back as it was, NULL among them.
func TestTypes(t *testing.T) {
	d := newDatabase(t)
	for _, typ := range datum.AllTypes() {
		t.Run(typ.String(), func(t *testing.T) {
			v := column.New(typ)
			input := datum.Input{Type: typ, Typmod: datum.AnyTypmod}
			for _, text := range samplesOf(t, d, typ) {
				value, err := input.Append(nil, []byte(text))
				if err != nil {
					t.Fatalf("%q: %v", text, err)
				}
				v.AppendValue(value)
			}
			v.AppendNull()
			p := &query.Remote{
				SQL:    fmt.Sprintf(`SELECT n::int4, x::%s FROM unnest($1::%s[]) WITH ORDINALITY AS s(x, n)`, cast(typ), cast(typ.Sent())),
				Inputs: []int{0}, Parameters: []datum.Type{typ.Sent()},
				Results: []query.RemoteResult{{Type: typ, OID: typ.OID(), SQLType: typ.String(), Text: "x"}},
			}
			got := d.must(p, []*column.Vector{v}, v.Len()).Results[0]
			if got.Len() != v.Len() {
				t.Fatalf("%d values, want %d", got.Len(), v.Len())
			}
			for row := range v.Len() {
				if have, want := show(got, row), show(v, row); have != want {
					t.Errorf("row %d: got %s, want %s", row, have, want)
				}
			}
		})
	}
}

// cast is how a type is named so that no value is cut: character by itself is
// character(1).
func cast(t datum.Type) string { return strings.Replace(t.String(), "character", "bpchar", 1) }

// samplesOf returns values of a type: of an array those of its elements in one, with
// NULL.
func samplesOf(t *testing.T, d *database, typ datum.Type) []string {
	if !typ.IsArray() {
		return samples[typ]
	}
	var text string
	query := fmt.Sprintf("SELECT (array_append($1::text[], NULL)::%s)::text", cast(typ))
	if err := d.conn.QueryRow(t.Context(), query, samples[typ.Elem()]).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return []string{text, "{}"}
}

func show(v *column.Vector, row int) string {
	if v.IsNull(row) {
		return "NULL"
	}
	return string(datum.AppendOutput(nil, v.Type, v.Value(nil, row), nil))
}

// TestOtherTypes: what only PostgreSQL knows comes back as its text, enums as labels,
// and domains as their base types.
func TestOtherTypes(t *testing.T) {
	d := newDatabase(t)
	d.execute(`CREATE TYPE mood AS ENUM ('sad', 'it''s, "ok"')`)
	d.execute(`CREATE TYPE pair AS (a int, b text)`)
	d.execute(`CREATE DOMAIN positive AS int CHECK (VALUE > 0)`)
	for _, c := range []struct {
		of         datum.Type
		name, text string
	}{
		{datum.Enum, "mood", `it's, "ok"`},
		{datum.Other, "int4range", "[1,5)"},
		{datum.Other, "pair", `(1,"x y")`},
		{datum.Other, "point", "(1,2)"},
		{datum.Int4, "positive", "7"},
		{datum.ArrayOf(datum.Enum), "mood[]", `{sad,"it's, \"ok\"",NULL}`},
		{datum.ArrayOf(datum.Other), "int4range[]", `{"[1,5)",NULL}`},
	} {
		var oid uint32
		if err := d.conn.QueryRow(t.Context(), "SELECT $1::regtype::oid", c.name).Scan(&oid); err != nil {
			t.Fatal(err)
		}
		p := &query.Remote{
			SQL:    fmt.Sprintf(`SELECT n::int4, x::%s FROM unnest($1::text[]) WITH ORDINALITY AS s(x, n)`, c.name),
			Inputs: []int{0}, Parameters: []datum.Type{datum.Text},
			Results: []query.RemoteResult{{Type: c.of, OID: oid, SQLType: c.name, Text: "x"}},
		}
		v := column.New(datum.Text)
		v.AppendBytes([]byte(c.text))
		v.AppendBytes([]byte("no such value"))
		got := d.must(p, []*column.Vector{v}, v.Len())
		if got.Results[0].Len() != 1 || len(got.Failed) != 1 || got.Failed[0].Row != 1 {
			t.Errorf("%s: %d values, %d failed", c.name, got.Results[0].Len(), len(got.Failed))
		} else if text := show(got.Results[0], 0); text != c.text {
			t.Errorf("%s: got %s, want %s", c.name, text, c.text)
		}
	}
}

// TestOrder: rows come back in the order in which they were sent, whatever order
// PostgreSQL has them in, and a program may leave some out and repeat others.
func TestOrder(t *testing.T) {
	d := newDatabase(t)
	p := ints("i")
	p.SQL += ", generate_series(1, i % 3) ORDER BY md5(i::text)"
	p.Expands = true
	got := d.must(p, numbers(1000), 1000)
	at := 0
	for i := range 1000 {
		for range i % 3 {
			if got.Rows[at] != int32(i) || got.Results[0].Ints[at] != int64(i) {
				t.Fatalf("row %d is of %d with value %d, want %d", at, got.Rows[at], got.Results[0].Ints[at], i)
			}
			at++
		}
	}
	if at != len(got.Rows) {
		t.Errorf("%d rows, want %d", len(got.Rows), at)
	}
}

// TestRowsFail: whatever rows PostgreSQL refuses, they alone have failed, with its
// error, and the others are evaluated once each.
func TestRowsFail(t *testing.T) {
	d := newDatabase(t)
	d.execute(`CREATE TABLE seen (i bigint)`)
	d.execute(`CREATE FUNCTION f(i bigint, every bigint) RETURNS bigint LANGUAGE plpgsql AS $$
		BEGIN
			INSERT INTO seen VALUES (i);
			IF i % every = every / 2 THEN
				RAISE 'not % either', i USING ERRCODE = 'MR001', DETAIL = 'It is bad.', HINT = 'Take another.';
			END IF;
			RETURN i * 2;
		END $$`)
	for _, every := range []int{1, 2, 7, 1000, 4095} {
		t.Run(fmt.Sprintf("one in %d", every), func(t *testing.T) {
			d.execute("TRUNCATE seen")
			got := d.must(ints(fmt.Sprintf("f(i, %d)", every)), numbers(column.BatchRows), column.BatchRows)
			rows, failures := 0, 0
			for i := range column.BatchRows {
				if i%every != every/2 {
					if rows == len(got.Rows) || got.Rows[rows] != int32(i) || got.Results[0].Ints[rows] != int64(2*i) {
						t.Fatalf("row %d is missing or wrong", i)
					}
					rows++
					continue
				}
				if failures == len(got.Failed) || got.Failed[failures].Row != int32(i) {
					t.Fatalf("row %d has not failed", i)
				}
				want := datum.Error{Code: "MR001", Message: fmt.Sprintf("not %d either", i), Detail: "It is bad.", Hint: "Take another."}
				if e := got.Failed[failures].Err; *e != want {
					t.Fatalf("row %d: %+v, want %+v", i, e, want)
				}
				failures++
			}
			if rows != len(got.Rows) || failures != len(got.Failed) {
				t.Errorf("%d rows and %d failures, want %d and %d", len(got.Rows), len(got.Failed), rows, failures)
			}
			var seen, different int
			if err := d.conn.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT i) FROM seen").Scan(&seen, &different); err != nil {
				t.Fatal(err)
			}
			if seen != rows || different != rows {
				t.Errorf("%d rows of %d different ones were evaluated for good, want %d", seen, different, rows)
			}
		})
	}
}

// TestPieces: what is too large for one statement goes in several.
func TestPieces(t *testing.T) {
	d := newDatabase(t)
	v := column.New(datum.Text)
	for i := range 300 {
		v.AppendBytes([]byte(strings.Repeat(string(rune('a'+i%26)), 100_000)))
	}
	p := &query.Remote{
		SQL:    `SELECT n::int4, length(x) + ascii(x) FROM unnest($1::text[]) WITH ORDINALITY AS s(x, n)`,
		Inputs: []int{0}, Parameters: []datum.Type{datum.Text},
		Results: []query.RemoteResult{{Type: datum.Int4, OID: 23, SQLType: "integer", Text: "length(x)"}},
	}
	got := d.must(p, []*column.Vector{v}, v.Len())
	for i, x := range got.Results[0].Ints {
		if got.Rows[i] != int32(i) || x != int64(100_000+'a'+i%26) {
			t.Fatalf("row %d is of %d with value %d", i, got.Rows[i], x)
		}
	}
	if len(got.Rows) != 300 {
		t.Errorf("%d rows", len(got.Rows))
	}
}

// TestSettings: each program has its own settings, on whatever connection.
func TestSettings(t *testing.T) {
	d := newDatabase(t, func(c *evaluate.Config) { c.PoolSize = 1 })
	d.execute(`CREATE SCHEMA "it's \""a"`)
	d.execute(`CREATE FUNCTION "it's \""a".zone() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('TimeZone') $$`)
	program := func(expression string, settings ...query.Setting) *query.Remote {
		return &query.Remote{
			SQL:    `SELECT n::int4, (` + expression + `)::text FROM unnest($1::bigint[]) WITH ORDINALITY AS s(x, n)`,
			Inputs: []int{0}, Parameters: []datum.Type{datum.Int8}, Settings: settings,
			Results: []query.RemoteResult{{Type: datum.Text, OID: 25, SQLType: "text", Text: expression}},
		}
	}
	path := query.Setting{Name: "search_path", Value: `"it's \""a"`}
	for range 2 {
		for _, c := range []struct {
			p    *query.Remote
			want string
		}{
			{program("zone()", path, query.Setting{Name: "TimeZone", Value: "Asia/Tokyo"}), "Asia/Tokyo"},
			{program("zone()", path, query.Setting{Name: "TimeZone", Value: "Europe/Berlin"}), "Europe/Berlin"},
			{program("current_setting('search_path')"), `"$user", public`},
		} {
			if got := string(d.must(c.p, numbers(1), 1).Results[0].Bytes(0)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		}
	}
}

// TestProgramFails: what a program needs is gone, or has changed; no row has failed
// by that, and it works again when that is back.
func TestProgramFails(t *testing.T) {
	const create = `CREATE FUNCTION f(i bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT i + 1 $$`
	for name, c := range map[string]struct {
		prepare, harm, heal, expression, code string
	}{
		"a function": {create, `DROP FUNCTION f`, create, "f(i)", "42883"},
		"a function within one": {
			create + `; CREATE FUNCTION outer_f(i bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN f(i); END $$`,
			`DROP FUNCTION f`, create, "outer_f(i)", "42883",
		},
		"a table": {
			`CREATE TABLE t (i bigint); INSERT INTO t VALUES (1)`, `ALTER TABLE t RENAME TO u`, `ALTER TABLE u RENAME TO t`,
			"i + (SELECT t.i FROM t)", "42P01",
		},
		"a column's type": {
			`CREATE TABLE t (i bigint); INSERT INTO t VALUES (1)`, `ALTER TABLE t ALTER i TYPE date USING '2000-01-01'`,
			`ALTER TABLE t ALTER i TYPE bigint USING 1`, "i + (SELECT t.i FROM t)", "42883",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, rows := range []int{1, 100} {
				d := newDatabase(t)
				d.execute(c.prepare)
				p := ints(c.expression)
				check := func() {
					t.Helper()
					if got := d.must(p, numbers(rows), rows); len(got.Rows) != rows || got.Results[0].Ints[rows-1] != int64(rows) || len(got.Failed) > 0 {
						t.Errorf("%d rows, %d failed", len(got.Rows), len(got.Failed))
					}
				}
				check()
				d.execute(c.harm)
				_, err := d.evaluator.Evaluate(t.Context(), p, numbers(rows), rows)
				var failed *evaluate.ProgramError
				if !errors.As(err, &failed) || failed.Err.Code != c.code {
					t.Fatalf("got %v, want SQLSTATE %s", err, c.code)
				}
				d.execute(c.heal)
				check()
			}
		})
	}
}

// TestTablesChange: a table that is altered in a way that the program can live with
// stops nothing.
func TestTablesChange(t *testing.T) {
	d := newDatabase(t)
	d.execute(`CREATE TABLE t (i bigint); INSERT INTO t VALUES (1)`)
	p := ints("i + (SELECT sum(t.i) FROM t)")
	d.must(p, numbers(3), 3)
	d.execute(`ALTER TABLE t ALTER i TYPE int; ALTER TABLE t ADD j text`)
	if got := d.must(p, numbers(3), 3); got.Results[0].Ints[2] != 3 {
		t.Errorf("got %d", got.Results[0].Ints[2])
	}
}

// TestLostConnection: a session that ends in the midst of a batch is nobody's fault,
// and the next call has another.
func TestLostConnection(t *testing.T) {
	d := newDatabase(t)
	d.execute(`CREATE TABLE gate (i int)`)
	var work sync.WaitGroup
	var err error
	d.execute(`BEGIN; LOCK TABLE gate`)
	work.Go(func() {
		_, err = d.evaluator.Evaluate(t.Context(), ints("i + (SELECT count(*) FROM gate)"), numbers(10), 10)
	})
	other := d.connect(d.url)
	for ended := 0; ended == 0; {
		query := `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE '% evaluator' AND wait_event_type = 'Lock' AND datname = current_database()`
		if err := other.QueryRow(t.Context(), query).Scan(&ended); err != nil {
			t.Fatal(err)
		}
	}
	work.Wait()
	var passes *evaluate.Temporary
	if !errors.As(err, &passes) {
		t.Fatalf("got %v", err)
	}
	d.execute(`COMMIT`)
	d.must(ints("i + (SELECT count(*) FROM gate)"), numbers(10), 10)
}

// TestCanceled: who calls may give up.
func TestCanceled(t *testing.T) {
	d := newDatabase(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.evaluator.Evaluate(ctx, ints("i"), numbers(1), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	d.must(ints("i"), numbers(1), 1)
}

// TestLocked: a table that is locked for long fails no row.
func TestLocked(t *testing.T) {
	d := newDatabase(t, func(c *evaluate.Config) { c.Timeout = 100 * time.Millisecond })
	d.execute(`CREATE TABLE gate (i int)`)
	d.execute(`BEGIN; LOCK TABLE gate`)
	_, err := d.evaluator.Evaluate(t.Context(), ints("i + (SELECT count(*) FROM gate)"), numbers(10), 10)
	var passes *evaluate.Temporary
	if !errors.As(err, &passes) {
		t.Errorf("got %v", err)
	}
	d.execute(`COMMIT`)
}

// TestOthersGoOn: a program that waits for a lock does not keep others from PostgreSQL,
// however many of its batches wait.
func TestOthersGoOn(t *testing.T) {
	d := newDatabase(t, func(c *evaluate.Config) { c.PoolSize = 2 })
	d.execute(`CREATE TABLE gate (i int)`)
	d.execute(`BEGIN; LOCK TABLE gate`)
	var work sync.WaitGroup
	for range 5 {
		work.Go(func() {
			if _, err := d.evaluator.Evaluate(t.Context(), ints("i + (SELECT count(*) FROM gate)"), numbers(1), 1); err != nil {
				t.Error(err)
			}
		})
	}
	other := d.connect(d.url)
	for waiting := 0; waiting == 0; {
		query := `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '% evaluator' AND wait_event_type = 'Lock' AND datname = current_database()`
		if err := other.QueryRow(t.Context(), query).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	d.must(ints("i"), numbers(1), 1)
	d.execute(`COMMIT`)
	work.Wait()
}

// TestSlow: rows that are too slow together are evaluated in smaller pieces, and one
// that is too slow alone has failed.
func TestSlow(t *testing.T) {
	d := newDatabase(t, func(c *evaluate.Config) { c.Timeout = 500 * time.Millisecond })
	d.execute(`CREATE FUNCTION f(i bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT i FROM pg_sleep(CASE WHEN i = 7 THEN 3600 ELSE 0.1 END) $$`)
	got := d.must(ints("f(i)"), numbers(16), 16)
	if len(got.Rows) != 15 || len(got.Failed) != 1 || got.Failed[0].Row != 7 || got.Failed[0].Err.Code != "57014" {
		t.Errorf("%v, %+v", got.Rows, got.Failed)
	}
}
