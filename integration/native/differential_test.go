package native

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

const (
	zoneName      = "Europe/Berlin"
	defaultTuples = 2000
	shownFaults   = 5
)

// TestDifferential gives every native function, operator and cast the same random
// and extreme arguments as PostgreSQL, and compares values and SQLSTATEs. The seed
// reproduces a run: MILLRACE_NATIVE_SEED, and MILLRACE_NATIVE_TUPLES for more of it.
func TestDifferential(t *testing.T) {
	seed := number(t, "MILLRACE_NATIVE_SEED", rand.Uint64()>>1)
	n := int(number(t, "MILLRACE_NATIVE_TUPLES", defaultTuples))
	t.Logf("MILLRACE_NATIVE_SEED=%d MILLRACE_NATIVE_TUPLES=%d", seed, n)
	all := sections()
	const lanes = 2
	for lane := range lanes {
		t.Run(fmt.Sprintf("lane %d", lane), func(t *testing.T) {
			t.Parallel()
			server := connect(t)
			for i := lane; i < len(all); i += lanes {
				s := all[i]
				t.Run(s.title(), func(t *testing.T) {
					if s.stub() {
						t.Skip("not compared: " + s.name)
					}
					s.check(t, server, seed, n)
				})
			}
		})
	}
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	url := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if url == "" {
		t.Fatal("MILLRACE_TEST_DATABASE_URL is not set: run through `make test`, which sets it")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	_, err = conn.Exec(ctx, "SET TimeZone = '"+zoneName+"'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = postgres; "+
		"SET extra_float_digits = 1; SET bytea_output = hex; SET client_encoding = 'UTF8'; SET jit = off", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// outcome of a call: a text, NULL, or an error.
type outcome struct {
	value *string
	code  string
}

func (o outcome) String() string {
	switch {
	case o.code != "":
		return "error " + o.code
	case o.value == nil:
		return "NULL"
	}
	return strconv.Quote(*o.value)
}

func (s section) check(t *testing.T, server *pgx.Conn, seed uint64, n int) {
	name := fnv.New64()
	fmt.Fprint(name, s.title())
	rng := rand.New(rand.NewPCG(seed, name.Sum64()))
	drawn := s.draw(rng, n)
	want := s.ask(t, server, drawn)
	faults, compared := 0, 0
	for _, g := range drawn.groups {
		got, ok := s.evaluate(t, drawn, g)
		if !ok {
			continue
		}
		compared += len(got)
		for i := range got {
			row := g.from + i
			if s.agree(want[row], got[i], drawn.at(row)) {
				continue
			}
			if faults++; faults <= shownFaults {
				t.Errorf("(%s) = %v, PostgreSQL: %v", strings.Join(drawn.at(row), ", "), got[i], want[row])
			}
		}
	}
	if faults > shownFaults {
		t.Errorf("%d of %d differ", faults, compared)
	}
	if compared == 0 || len(s.literals) == 0 && compared < n {
		t.Errorf("only %d of %d tuples were compared", compared, n)
	}
}

// at is a row's arguments for people.
func (all tuples) at(row int) []string {
	shown := make([]string, len(all.texts))
	for i, texts := range all.texts {
		shown[i] = "NULL"
		if text := texts[row]; text != nil {
			shown[i] = strconv.Quote(*text)
			if len(shown[i]) > 300 {
				shown[i] = shown[i][:300] + "…"
			}
		}
	}
	return shown
}

// ask has PostgreSQL answer all tuples in one statement.
func (s section) ask(t *testing.T, server *pgx.Conn, drawn tuples) []outcome {
	t.Helper()
	ctx := context.Background()
	var params, columns, declared, casts []string
	for i, of := range s.args {
		params = append(params, fmt.Sprintf("a%d text[]", i))
		columns = append(columns, fmt.Sprintf("a%d", i))
		declared = append(declared, fmt.Sprintf("x%d text;", i))
		casts = append(casts, fmt.Sprintf("x%d::%s", i, sqlName(of)))
	}
	variables := strings.ReplaceAll(strings.Join(columns, ", "), "a", "x")
	create := fmt.Sprintf(`CREATE OR REPLACE FUNCTION pg_temp.answers(%s) RETURNS TABLE (value text, code text) LANGUAGE plpgsql AS $f$
DECLARE %s
BEGIN
	FOR %s IN SELECT * FROM unnest(%s) LOOP
		BEGIN
			value := (%s)::text; code := NULL;
		EXCEPTION WHEN OTHERS THEN
			value := NULL; code := SQLSTATE;
		END;
		RETURN NEXT;
	END LOOP;
END $f$`, strings.Join(params, ", "), strings.Join(declared, " "), variables, strings.Join(columns, ", "), s.sql(casts))
	if _, err := server.Exec(ctx, create); err != nil {
		t.Fatalf("%s: %v", create, err)
	}
	args := []any{pgx.QueryExecModeExec}
	places := make([]string, len(s.args))
	for i, texts := range drawn.texts {
		args = append(args, texts)
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	rows, err := server.Query(ctx, "SELECT * FROM pg_temp.answers("+strings.Join(places, ", ")+")", args...)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o outcome, err error) {
		var code *string
		if err = row.Scan(&o.value, &code); code != nil {
			o.code = *code
		}
		return o, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// evaluate computes the group natively; ok is false where its literals are not.
func (s section) evaluate(t *testing.T, drawn tuples, g group) ([]outcome, bool) {
	t.Helper()
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		t.Fatal(err)
	}
	env := expr.Env{Zone: zone}
	args := make([]expr.Node, len(s.args))
	for i, of := range s.args {
		args[i] = &expr.Column{Index: i, Of: datum.Text}
		if of != datum.Text {
			args[i] = &expr.Coerce{Arg: args[i], Of: of, ViaIO: true}
		}
		if !slices.Contains(s.literals, i) {
			continue
		}
		lit, ok := literal(t, env, of, drawn.texts[i][g.from])
		if !ok {
			return nil, false
		}
		args[i] = lit
	}
	node := s.node(args)
	if node.Type() != datum.Text {
		node = asText(node)
	}
	x, err := expr.Compile(env, node)
	if err != nil {
		if len(s.literals) > 0 {
			return nil, false
		}
		t.Fatal(err)
	}
	var all []outcome
	for from := g.from; from < g.to; from += column.BatchRows {
		all = append(all, outcomes(x, drawn.batch(from, min(from+column.BatchRows, g.to)))...)
	}
	return all, true
}

// asText is the cast to text, which for some types is a function.
func asText(n expr.Node) expr.Node {
	switch n.Type() {
	case datum.Bpchar:
		return &expr.Call{Proc: 401, Name: "text", Args: []expr.Node{n}, Of: datum.Text}
	case datum.Inet, datum.Cidr:
		if n.Type() == datum.Cidr {
			n = &expr.Coerce{Arg: n, Of: datum.Inet}
		}
		return &expr.Call{Proc: 730, Name: "text", Args: []expr.Node{n}, Of: datum.Text}
	case datum.Bool:
		return &expr.Call{Proc: 2971, Name: "text", Args: []expr.Node{n}, Of: datum.Text}
	}
	return &expr.Coerce{Arg: n, Of: datum.Text, ViaIO: true}
}

func literal(t *testing.T, env expr.Env, of datum.Type, text *string) (*expr.Const, bool) {
	v := column.New(of)
	if text == nil {
		v.AppendNull()
		return &expr.Const{Value: v}, true
	}
	source := column.New(datum.Text)
	source.AppendBytes([]byte(*text))
	if of == datum.Text {
		return &expr.Const{Value: source}, true
	}
	x, err := expr.Compile(env, &expr.Coerce{Arg: &expr.Const{Value: source}, Of: of, ViaIO: true})
	if err != nil {
		t.Fatal(err)
	}
	var errs expr.RowErrors
	errs.Reset(1)
	v.AppendFrom(x.Eval(&column.Batch{Rows: 1}, column.All(1), &errs), 0)
	return &expr.Const{Value: v}, !errs.Any()
}

func outcomes(x *expr.Expr, b *column.Batch) []outcome {
	var errs expr.RowErrors
	errs.Reset(b.Rows)
	v := x.Eval(b, column.All(b.Rows), &errs)
	all := make([]outcome, b.Rows)
	for row := range all {
		switch err := errs.Of(int32(row)); {
		case err != nil:
			all[row].code = err.Code
		case !v.IsNull(row):
			all[row].value = ptr(string(v.Bytes(row)))
		}
	}
	return all
}

// agree says whether both did the same, or differ in what the language page names.
func (s section) agree(want, got outcome, args []string) bool {
	if want.code == got.code && (want.value == nil) == (got.value == nil) && (want.value == nil || *want.value == *got.value) {
		return true
	}
	if tolerance := s.tolerance(); tolerance > 0 && want.value != nil && got.value != nil {
		a, err1 := strconv.ParseFloat(*want.value, 64)
		b, err2 := strconv.ParseFloat(*got.value, 64)
		return err1 == nil && err2 == nil && math.Abs(a-b) <= math.Abs(a)*tolerance
	}
	return s.deliberate(want, got, args)
}
