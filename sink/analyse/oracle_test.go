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
	"github.com/millrace/millrace/topology"
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
	_, create, err := createTable(Stream{Name: stream.Name, Columns: stream.Columns[:declared]}, true)
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
			if err != nil || strings.Contains(d.Input, " _") || strings.Contains(d.Input, "random()") {
				return d.Expected // metadata, which the table has not; what is another value each time
			}
			compared++
			want, got := answer(ctx, t, tx, d.Input), answer(ctx, t, tx, planSQL(plan))
			if open := plan.Reading.Limit != "" || plan.Reading.Offset != "" || len(plan.Reading.DistinctOn) > 0; open {
				want, got = size(want), size(got) // which rows these are may be open
			}
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
	_, create, err := createTable(Stream{Name: stream.Name, Columns: stream.Columns[:declared]}, true)
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

// size is an answer's types and its number of rows.
func size(answer string) string {
	types, rows, _ := strings.Cut(answer, "\n")
	return fmt.Sprintf("%s\n%d rows", types, strings.Count(rows, "\n"))
}

// planSQL writes a plan as SQL: what its rows are evaluated to, for each SELECT of a
// UNION ALL; over that the groups, for each grouping set; over that what is read.
func planSQL(p *query.Plan) string {
	one := query.Input{Filter: p.Filter}
	for _, key := range p.Keys {
		one.Keys = append(one.Keys, key.Expr)
	}
	for _, a := range p.Aggregates {
		one.Args, one.Filters = append(one.Args, a.Arg), append(one.Filters, a.Filter)
	}
	evaluated := evaluatedSQL(p, &one)
	for i := range p.Further {
		evaluated += " UNION ALL " + evaluatedSQL(p, &p.Further[i])
	}
	sets := p.Sets
	if sets == nil {
		sets = [][]bool{slices.Repeat([]bool{true}, len(p.Keys))}
	}
	var groups []string
	for number, set := range sets {
		groups = append(groups, groupsSQL(p, number, set))
	}
	return fmt.Sprintf("WITH e AS (%s) %s", evaluated, readSQL(p, strings.Join(groups, " UNION ALL ")))
}

// source is the stream with the metadata columns that append-only views ask for.
const source = "(SELECT *, 0 AS _partition, row_number() OVER () AS _offset FROM s) s"

// evaluatedSQL is the rows as one SELECT of a plan evaluates them.
func evaluatedSQL(p *query.Plan, in *query.Input) string {
	columns := []string{"1 AS one"}
	for i, key := range p.Keys {
		columns = append(columns, fmt.Sprintf("(%s)::%s AS k%d", exprSQL(in.Keys[i]), columnType(key), i))
	}
	for i := range p.Aggregates {
		if arg := in.Args[i]; arg != nil {
			columns = append(columns, fmt.Sprintf("%s AS a%d", exprSQL(arg), i))
		}
		if filter := in.Filters[i]; filter != nil {
			columns = append(columns, fmt.Sprintf("%s AS f%d", exprSQL(filter), i))
		}
	}
	sql := "SELECT " + strings.Join(columns, ", ") + " FROM " + source
	if p.Remote != nil {
		sql = "SELECT " + strings.Join(columns, ", ") + " FROM " + derivedSQL(p.Remote)
	}
	if in.Filter != nil {
		sql += " WHERE " + exprSQL(in.Filter)
	}
	return sql
}

// groupsSQL is what v_mrel has of one grouping set.
func groupsSQL(p *query.Plan, number int, set []bool) string {
	columns, keys := []string{}, []string{}
	for i, key := range p.Keys {
		switch {
		case key.Origin == query.SetNumber:
			columns = append(columns, fmt.Sprintf("%d AS %s", number, ident(key.Column)))
		case set[i]:
			columns, keys = append(columns, fmt.Sprintf("k%d AS %s", i, ident(key.Column))), append(keys, fmt.Sprintf("k%d", i))
		default:
			columns = append(columns, fmt.Sprintf("NULL::%s AS %s", columnType(key), ident(key.Column)))
		}
	}
	for i, a := range p.Aggregates {
		kind, _, _ := strings.Cut(a.Function.Name, ".")
		kind, _, _ = strings.Cut(kind, "(")
		arg, filter := "*", ""
		if a.Arg != nil {
			arg = fmt.Sprintf("a%d", i)
			if kind == "sum" && a.Arg.Type() == datum.Float4 {
				arg += "::double precision"
			}
		}
		if a.Filter != nil {
			filter = fmt.Sprintf(" FILTER (WHERE f%d)", i)
		}
		columns = append(columns, fmt.Sprintf("(%s(%s)%s)::%s AS %s", kind, arg, filter, a.Function.States[0].Type, ident(a.Columns[0])))
	}
	sql := "SELECT " + strings.Join(columns, ", ") + " FROM e"
	if p.AppendOnly {
		return sql
	}
	return sql + " GROUP BY (" + strings.Join(keys, "), (") + ")"
}

// readSQL is v over v_mrel.
func readSQL(p *query.Plan, mrel string) string {
	var outputs []string
	for _, o := range p.Output {
		outputs = append(outputs, o.SQL+" AS "+ident(o.Name))
	}
	sorts := func(all []query.Sort) string {
		var texts []string
		for _, s := range all {
			text := s.SQL
			if s.Output > 0 {
				text = fmt.Sprint(s.Output)
			}
			texts = append(texts, text+" "+s.Direction)
		}
		return strings.Join(texts, ", ")
	}
	r, sql := &p.Reading, "SELECT "
	switch {
	case r.Distinct:
		sql += "DISTINCT "
	case len(r.DistinctOn) > 0:
		sql += "DISTINCT ON (" + sorts(r.DistinctOn) + ") "
	}
	sql += strings.Join(outputs, ", ") + " FROM (" + mrel + ") v_mrel"
	if p.Having != "" {
		sql += " WHERE " + p.Having
	}
	if len(r.Order) > 0 {
		sql += " ORDER BY " + sorts(r.Order)
	}
	if r.Offset != "" {
		sql += " OFFSET (" + r.Offset + ")"
	}
	switch {
	case r.WithTies:
		sql += " FETCH FIRST (" + r.Limit + ") ROWS WITH TIES"
	case r.Limit != "":
		sql += " LIMIT (" + r.Limit + ")"
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

// declared is how many columns testStream declares, streamColumns how many its
// schema has with the metadata columns.
const declared = 14

var streamColumns = declared + len(topology.MetadataColumns())

// derivedSQL is the derived batch of a row program, sent the whole table as one.
func derivedSQL(r *query.Remote) string {
	sent := "SELECT *, row_number() OVER () AS number FROM " + source
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
	texts := func(nodes []expr.Node, between string) string {
		texts := make([]string, len(nodes))
		for i, n := range nodes {
			texts[i] = exprSQL(n)
		}
		return strings.Join(texts, between)
	}
	all := func(nodes []expr.Node, between string) string { return "(" + texts(nodes, between) + ")" }
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
	case *expr.AnyOf:
		if !n.All { // as a condition: false for NULL
			return "(SELECT bool_or(pg_catalog." + n.Name + "(" + exprSQL(n.Arg) + ", e)) FROM unnest(" + exprSQL(n.Array) + ") e)"
		}
	case *expr.MakeArray:
		return "ARRAY[" + strings.TrimSuffix(strings.TrimPrefix(all(n.Args, ", "), "("), ")") + "]::" + n.Of.String()
	case *expr.Subscript:
		text := "(" + exprSQL(n.Array) + ")"
		for _, at := range n.At {
			text += "[" + exprSQL(at) + "]"
		}
		return text
	}
	return fmt.Sprintf("%T", n)
}
