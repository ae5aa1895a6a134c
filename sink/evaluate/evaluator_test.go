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

// TestTypes: every type goes there and comes back as it was, NULL among them.
func TestTypes(t *testing.T) {
	d := newDatabase(t)
	vectors := map[datum.Type]func(v *column.Vector){
		datum.Bool:        func(v *column.Vector) { v.AppendInt(0); v.AppendInt(1) },
		datum.Int2:        func(v *column.Vector) { v.AppendInt(-32768); v.AppendInt(32767) },
		datum.Int4:        func(v *column.Vector) { v.AppendInt(-1 << 31); v.AppendInt(1<<31 - 1) },
		datum.Int8:        func(v *column.Vector) { v.AppendInt(-1 << 63); v.AppendInt(1<<63 - 1) },
		datum.Float4:      func(v *column.Vector) { v.AppendFloat(float64(float32(0.1))); v.AppendFloat(-3) },
		datum.Float8:      func(v *column.Vector) { v.AppendFloat(0.1); v.AppendFloat(-1e300) },
		datum.Text:        func(v *column.Vector) { v.AppendBytes(nil); v.AppendBytes([]byte("wörd")) },
		datum.Date:        func(v *column.Vector) { v.AppendInt(-100); v.AppendInt(9000) },
		datum.Timestamp:   func(v *column.Vector) { v.AppendInt(-1); v.AppendInt(1e15) },
		datum.TimestampTZ: func(v *column.Vector) { v.AppendInt(-1); v.AppendInt(1e15) },
		datum.Interval: func(v *column.Vector) {
			v.AppendSpan(datum.Span{Micros: -1, Days: 2, Months: -3})
			v.AppendSpan(datum.Span{Months: 1})
		},
		datum.Numeric: func(v *column.Vector) {
			for _, text := range []string{"-123456789012345678901234567890.0001", "1.10"} {
				x, err := datum.ParseDecimal([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				v.AppendBytes(datum.AppendDecimal(nil, x))
			}
		},
	}
	for _, typ := range datum.Types() {
		t.Run(typ.String(), func(t *testing.T) {
			v := column.New(typ)
			vectors[typ](v)
			v.AppendNull()
			p := &query.Remote{
				SQL:    fmt.Sprintf(`SELECT n::int4, x FROM unnest($1::%s[]) WITH ORDINALITY AS s(x, n)`, typ),
				Inputs: []int{0}, Parameters: []datum.Type{typ},
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

func show(v *column.Vector, row int) string {
	switch {
	case v.IsNull(row):
		return "NULL"
	case v.Type.Physical() == datum.PhysInt:
		return fmt.Sprint(v.Ints[row])
	case v.Type.Physical() == datum.PhysFloat:
		return fmt.Sprint(v.Floats[row])
	case v.Type.Physical() == datum.PhysInterval:
		return fmt.Sprint(v.Spans[row])
	}
	return fmt.Sprintf("%q", v.Bytes(row))
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
