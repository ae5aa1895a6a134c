package analyse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/query"
)

// rows fills the stream's table with values that make sums exact in any order:
// floats are multiples of 1/4.
const rows = `INSERT INTO s SELECT
	CASE k % 5 WHEN 0 THEN NULL ELSE k % 2 = 0 END, (k % 7) - 3, CASE WHEN k % 11 = 0 THEN NULL ELSE k % 13 END,
	CASE WHEN k % 3 = 0 THEN NULL ELSE k * 100000000007 END, (k % 9) * 0.25, CASE WHEN k % 4 = 0 THEN NULL ELSE k * 0.75 END,
	CASE WHEN k % 6 = 0 THEN NULL ELSE k / 7.0 END, round(k / 3.0, 2), CASE WHEN k % 8 = 0 THEN NULL ELSE (k % 5)::text END,
	CASE WHEN k % 9 = 0 THEN NULL ELSE chr(96 + k % 6) END, date '2026-01-01' + k, timestamp '2026-01-01' + k * interval '7 hours',
	CASE WHEN k % 10 = 0 THEN NULL ELSE timestamptz '2026-01-01 00:00+00' + k * interval '11 minutes' END,
	k * interval '1 day 03:04:05.25'
	FROM generate_series(1, 120) k`

// TestPlansMeanTheSame has PostgreSQL evaluate each plan of the scripts, in SQL
// made of the plan alone: states and keys as a table v_mrel has them, outputs
// and HAVING over that. Its rows, to the digit, and its types must be those of
// the SELECT itself over the same rows.
func TestPlansMeanTheSame(t *testing.T) {
	ctx := context.Background()
	conn := connect(t)
	stream, schema := testStream(t, conn)
	other := connect(t)
	makeObjects(t, other)
	tx, err := begin(ctx, other)
	if err != nil {
		t.Fatal(err)
	}
	defer rollback(tx)
	_, create, err := createTable(stream, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{create, rows} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	compared := 0
	datadriven.Walk(t, queryTestdata+"/scripts", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			analysis, err := Analyse(ctx, conn, stream, d.Input, 0)
			if err != nil {
				return d.Expected
			}
			plan, err := query.Build(analysis, schema)
			if err != nil {
				return d.Expected
			}
			compared++
			want, got := answer(ctx, t, tx, d.Input), answer(ctx, t, tx, planSQL(plan))
			if want != got {
				t.Errorf("%s\ngives\n%s\n%s\ngives\n%s", d.Input, want, planSQL(plan), got)
			}
			return d.Expected
		})
	})
	if compared < 80 {
		t.Errorf("only %d plans were compared", compared)
	}
}

// TestSubSelectsAtReading: sub-SELECTs over tables in what is done at read. Their
// text is PostgreSQL's own, so it stands in no script: versions print it differently.
func TestSubSelectsAtReading(t *testing.T) {
	ctx := context.Background()
	conn := connect(t)
	stream, schema := testStream(t, conn)
	tx, err := begin(ctx, conn)
	if err != nil {
		t.Fatal(err)
	}
	defer rollback(tx)
	other := connect(t)
	makeObjects(t, other)
	_, create, err := createTable(stream, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{create, rows} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{
		"SELECT t, count(*) - (SELECT count(*) FROM town) AS more FROM s GROUP BY t",
		"SELECT t, EXISTS (SELECT FROM region WHERE id = 9) AS e, ARRAY(SELECT k FROM town WHERE k < 3 ORDER BY k) AS a, count(*) FROM s GROUP BY t",
		"SELECT t, count(*) FROM s GROUP BY t HAVING count(*) > (SELECT max(k) + 10 FROM town)",
		"SELECT label(i4) AS l, (SELECT max(name) FROM town) AS m, (SELECT max(name) FROM town WHERE k < 3) AS n, sum(i4) FROM s GROUP BY 1",
	} {
		analysis, err := Analyse(ctx, other, stream, sql, 0)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		plan, err := query.Build(analysis, schema)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if want, got := answer(ctx, t, tx, sql), answer(ctx, t, tx, planSQL(plan)); want != got {
			t.Errorf("%s\ngives\n%s\n%s\ngives\n%s", sql, want, planSQL(plan), got)
		}
	}
}

// answer prints a SELECT's types and its rows, sorted; an error by its SQLSTATE.
func answer(ctx context.Context, t *testing.T, tx pgx.Tx, sql string) string {
	nested, err := tx.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer rollback(nested)
	result := nested.Conn().PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Read()
	if result.Err != nil {
		var pg *pgconn.PgError
		if !errors.As(result.Err, &pg) {
			t.Fatal(result.Err)
		}
		if class := pg.Code[:2]; class == "42" {
			return pg.Error()
		}
		return pg.Code
	}
	var types, lines []string
	for _, f := range result.FieldDescriptions {
		types = append(types, fmt.Sprintf("%s:%d(%d)", f.Name, f.DataTypeOID, f.TypeModifier))
	}
	for _, row := range result.Rows {
		var values []string
		for _, v := range row {
			if v == nil {
				values = append(values, "NULL")
			} else {
				values = append(values, fmt.Sprintf("%q", v))
			}
		}
		lines = append(lines, strings.Join(values, " "))
	}
	slices.Sort(lines)
	return strings.Join(types, " ") + "\n" + strings.Join(lines, "\n")
}

// planSQL writes a plan as SQL.
func planSQL(p *query.Plan) string {
	var columns, keys []string
	for _, key := range p.Keys {
		keys = append(keys, exprSQL(key.Expr))
		columns = append(columns, fmt.Sprintf("(%s)::%s AS %s", exprSQL(key.Expr), columnType(key), ident(key.Column)))
	}
	for _, a := range p.Aggregates {
		kind, _, _ := strings.Cut(a.Function.Name, ".")
		kind, _, _ = strings.Cut(kind, "(")
		arg := "*"
		if a.Arg != nil {
			arg = exprSQL(a.Arg)
			if kind == "sum" && a.Arg.Type() == datum.Float4 {
				arg += "::double precision"
			}
		}
		filter := ""
		if a.Filter != nil {
			filter = " FILTER (WHERE " + exprSQL(a.Filter) + ")"
		}
		columns = append(columns, fmt.Sprintf("(%s(%s)%s)::%s AS %s", kind, arg, filter, a.Function.States[0].Type, ident(a.Columns[0])))
	}
	inner := "SELECT " + strings.Join(columns, ", ") + " FROM s"
	if p.Remote != nil {
		inner = "SELECT " + strings.Join(columns, ", ") + " FROM " + derivedSQL(p.Remote)
	}
	if p.Filter != nil {
		inner += " WHERE " + exprSQL(p.Filter)
	}
	if len(keys) > 0 {
		inner += " GROUP BY " + strings.Join(keys, ", ")
	}
	var outputs []string
	for _, o := range p.Output {
		outputs = append(outputs, o.SQL+" AS "+ident(o.Name))
	}
	sql := "SELECT " + strings.Join(outputs, ", ") + " FROM (" + inner + ") v_mrel"
	if p.Having != "" {
		sql += " WHERE " + p.Having
	}
	return sql
}

// columnType is the type of a key's column in v_mrel.
func columnType(k query.Key) string {
	switch of := k.Expr.Type(); {
	case of.OID() == 0:
		return k.SQLType
	case of == datum.Bpchar:
		return "bpchar" // character is character(1)
	default:
		return of.String()
	}
}

// streamColumns is the length of the stream's schema.
const streamColumns = 14

// derivedSQL is the derived batch of a row program, sent the whole table as one.
func derivedSQL(r *query.Remote) string {
	sent := "SELECT *, row_number() OVER () AS number FROM s"
	if r.Before != nil {
		sent += " WHERE " + exprSQL(r.Before)
	}
	program := r.SQL
	for i := len(r.Inputs) - 1; i >= 0; i-- {
		array := fmt.Sprintf("(SELECT array_agg(%s ORDER BY number) FROM sent)", streamNames[r.Inputs[i]])
		program = strings.ReplaceAll(program, fmt.Sprintf("$%d)", i+1), array+")")
	}
	names := []string{"number"}
	for i := range r.Results {
		names = append(names, fmt.Sprintf("r%d", i))
	}
	return fmt.Sprintf("(WITH sent AS MATERIALIZED (%s), program(%s) AS (%s) SELECT * FROM program) p JOIN (%s) s USING (number)",
		sent, strings.Join(names, ", "), program, sent)
}

// streamNames are the columns of testStream.
var streamNames = strings.Fields("bo i2 i4 i8 f4 f8 n n2 t v d ts tz i")

func ident(name string) string { return pgx.Identifier{name}.Sanitize() }

// exprSQL writes a native expression as calls of the functions behind it.
func exprSQL(n expr.Node) string {
	all := func(nodes []expr.Node, between string) string {
		texts := make([]string, len(nodes))
		for i, n := range nodes {
			texts[i] = exprSQL(n)
		}
		return "(" + strings.Join(texts, between) + ")"
	}
	switch n := n.(type) {
	case *expr.Column:
		if n.Index >= streamColumns {
			return fmt.Sprintf("p.r%d", n.Index-streamColumns)
		}
		return "s." + ident(n.Name)
	case *expr.Const:
		text := "NULL"
		if !n.Value.IsNull(0) {
			text = "'" + strings.ReplaceAll(query.ConstantText(n.Value), "'", "''") + "'"
		}
		return "(" + text + "::" + n.Type().String() + ")"
	case *expr.Call:
		return "pg_catalog." + ident(n.Name) + all(n.Args, ", ")
	case *expr.Coerce:
		return "(" + exprSQL(n.Arg) + "::" + n.Of.String() + ")"
	case *expr.Logic:
		if n.Op == expr.Not {
			return "(NOT " + exprSQL(n.Args[0]) + ")"
		}
		return all(n.Args, map[expr.LogicOp]string{expr.And: " AND ", expr.Or: " OR "}[n.Op])
	case *expr.Case:
		text := "(CASE"
		for _, when := range n.Whens {
			text += " WHEN " + exprSQL(when.Cond) + " THEN " + exprSQL(when.Then)
		}
		return text + " ELSE " + exprSQL(n.Else) + " END)"
	case *expr.Coalesce:
		return "COALESCE" + all(n.Args, ", ")
	case *expr.NullIf:
		return "(CASE WHEN " + exprSQL(n.Equal) + " THEN NULL ELSE " + exprSQL(n.Arg) + " END)"
	case *expr.Greatest:
		return map[bool]string{true: "LEAST", false: "GREATEST"}[n.Least] + all(n.Args, ", ")
	case *expr.Test:
		tests := [...]string{"NULL", "NOT NULL", "TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"}
		return "(" + exprSQL(n.Arg) + " IS " + tests[n.Kind] + ")"
	case *expr.Distinct:
		return "(" + exprSQL(n.Left) + " IS DISTINCT FROM " + exprSQL(n.Right) + ")"
	case *expr.In:
		return all(n.Equal, " OR ")
	}
	return fmt.Sprintf("%T", n)
}
