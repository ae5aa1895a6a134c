package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// expressions writes typed expressions over a scope's columns.
type expressions struct {
	*generator
	scope []scoped
	calls map[datum.Type][]expr.FunctionInfo // by result
	// apart says that expressions may hold what only PostgreSQL evaluates.
	apart bool
}

// scoped is an expression that stands for a value of a type: mostly a column.
type scoped struct {
	sql string
	of  datum.Type
}

// scalars are the types of which expressions are written.
var scalars = []datum.Type{
	datum.Bool, datum.Int2, datum.Int4, datum.Int8, datum.Float4, datum.Float8, datum.Numeric, datum.Text, datum.Date, datum.Time,
	datum.Timestamp, datum.TimestampTZ, datum.Interval, datum.Bytea, datum.UUID, datum.JSON, datum.JSONB, datum.Inet, datum.Cidr,
	datum.ArrayOf(datum.Int4), datum.ArrayOf(datum.Text),
}

// notCalled are functions whose last digit is not promised, whose answer changes with
// PostgreSQL's version, or that take any amount of memory or time.
var notCalled = strings.Fields(`repeat lpad rpad exp dexp numeric_exp ln dlog1 numeric_ln log dlog10 log10 numeric_log pow power dpow numeric_power
	cbrt dcbrt width_bucket make_interval justify_interval regexp_replace regexp_like numeric_mul mul_d_interval interval_mul interval_div chr scale date_bin
	json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text`)

// native returns the native functions whose arguments have types of their own.
func nativeCalls() map[datum.Type][]expr.FunctionInfo {
	all := map[datum.Type][]expr.FunctionInfo{}
	for _, f := range expr.Functions() {
		known := func(t datum.Type) bool { return slices.Contains(scalars, t) }
		if f.Variadic || len(f.Args) == 0 || !known(f.Result) || slices.Contains(notCalled, f.Name) || slices.ContainsFunc(f.Args, func(t datum.Type) bool { return !known(t) }) {
			continue
		}
		all[f.Result] = append(all[f.Result], f)
	}
	return all
}

// of writes an expression of a type.
func (x *expressions) of(t datum.Type, depth int) string {
	if depth <= 0 || x.rng.IntN(5) == 0 {
		return x.leaf(t)
	}
	switch n := x.rng.IntN(20); {
	case n < 9:
		if fs := x.calls[t]; len(fs) > 0 {
			return x.call(pick(x.generator, fs...), depth-1)
		}
	case n < 15:
		return x.form(t, depth-1)
	case n < 16:
		return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", x.of(datum.Bool, depth-1), x.of(t, depth-1), x.of(t, depth-1))
	case n < 17:
		return fmt.Sprintf("coalesce(%s, %s)", x.of(t, depth-1), x.of(t, depth-1))
	case n < 18 && t != datum.JSON:
		return fmt.Sprintf("nullif(%s, %s)", x.of(t, depth-1), x.of(t, depth-1))
	case n < 19 && t != datum.JSON:
		return fmt.Sprintf("%s(%s, %s)", pick(x.generator, "greatest", "least"), x.of(t, depth-1), x.of(t, depth-1))
	}
	return x.leaf(t)
}

// leaf writes a column or a literal.
func (x *expressions) leaf(t datum.Type) string {
	var fitting []string
	for _, s := range x.scope {
		if s.of == t {
			fitting = append(fitting, s.sql)
		}
	}
	if len(fitting) > 0 && x.rng.IntN(4) > 0 {
		return pick(x.generator, fitting...)
	}
	return "'" + strings.ReplaceAll(pick(x.generator, literals(t)...), "'", "''") + "'::" + t.String()
}

// literals are texts of a type.
func literals(t datum.Type) []string {
	switch t {
	case datum.Bool:
		return []string{"true", "false"}
	case datum.Int2, datum.Int4, datum.Int8:
		return []string{"0", "1", "2", "-3", "7", "100"}
	case datum.Float4, datum.Float8:
		return []string{"0", "0.5", "-2.25", "3", "NaN"}
	case datum.Numeric:
		return []string{"0", "1.50", "-3", "10.125"}
	case datum.Date:
		return []string{"2021-01-31", "2000-02-29"}
	case datum.Time:
		return []string{"00:00", "12:34:56.789"}
	case datum.Timestamp:
		return []string{"2021-06-15 12:00:00", "2020-02-29 23:59:59.5"}
	case datum.TimestampTZ:
		return []string{"2021-06-15 12:00:00+00", "2021-11-07 01:30:00-04"}
	case datum.Interval:
		return []string{"1 day", "1 mon", "-02:30:00", "30 days"}
	case datum.Bytea:
		return []string{`\x`, `\x6162`}
	case datum.UUID:
		return []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}
	case datum.JSON, datum.JSONB:
		return []string{`{"a": 1}`, `[1, 2]`, `null`, `{"a": "x", "b": [1.0]}`}
	case datum.Inet:
		return []string{"10.0.0.1", "10.0.0.0/8", "::1"}
	case datum.Cidr:
		return []string{"10.0.0.0/8", "2001:db8::/32"}
	case datum.ArrayOf(datum.Int4):
		return []string{"{}", "{1,2}", "{NULL}"}
	case datum.ArrayOf(datum.Text):
		return []string{"{}", "{a,b}", "{a}"}
	}
	return []string{"", "a", "b", "Ab c", "日本", "a,b", "%", "x'y"}
}

// call writes a function call. What a first argument means is a word of a few.
func (x *expressions) call(f expr.FunctionInfo, depth int) string {
	var args []string
	for i, t := range f.Args {
		text := x.of(t, depth)
		switch {
		case i == 0 && slices.Contains([]string{"date_part", "extract", "date_trunc"}, f.Name):
			word := "'" + pick(x.generator, "year", "month", "day", "hour", "minute", "second", "week", "quarter") + "'"
			if f.Name != "date_trunc" && f.Args[1] == datum.Time {
				word = pick(x.generator, "'hour'", "'second'")
			}
			text = word
		case f.Name == "timezone" && i == 0, f.Name == "date_trunc" && i == 2:
			text = pick(x.generator, "'UTC'", "'Europe/Berlin'")
			if t == datum.Interval {
				text = "'2 hours'::interval"
			}
		case i == 1 && strings.Contains(f.Name, "regex"):
			text = pick(x.generator, "'^a'", "'[0-9]+'", "'b|c$'", `'(.)\1'`)
		case i > 0 && strings.HasSuffix(f.Name, "like"):
			text = pick(x.generator, "'a%'", "'%b%'", "'_'", "''")
		case i == 1 && f.Name == "split_part":
			text = "','"
		}
		args = append(args, text)
	}
	return fmt.Sprintf(`pg_catalog.%q(%s)`, f.Name, strings.Join(args, ", "))
}

// compared are the types that form compares.
var compared = []datum.Type{
	datum.Int2, datum.Int4, datum.Int8, datum.Float4, datum.Float8, datum.Numeric, datum.Text, datum.Date, datum.Time, datum.Timestamp,
	datum.TimestampTZ, datum.Interval, datum.Bytea, datum.UUID, datum.JSONB, datum.Inet, datum.ArrayOf(datum.Int4), datum.ArrayOf(datum.Text), datum.Bool,
}

// form writes what is no function call: constructs, operators between types, casts.
func (x *expressions) form(t datum.Type, depth int) string {
	a := func(of datum.Type) string { return x.of(of, depth) }
	switch t {
	case datum.Bool:
		of := pick(x.generator, compared...)
		switch x.rng.IntN(9) {
		case 0:
			return fmt.Sprintf("(%s AND %s)", a(t), a(t))
		case 1:
			return fmt.Sprintf("(%s OR %s)", a(t), a(t))
		case 2:
			return fmt.Sprintf("(NOT %s)", a(t))
		case 3:
			return fmt.Sprintf("(%s %s)", a(pick(x.generator, scalars...)), pick(x.generator, "IS NULL", "IS NOT NULL"))
		case 4:
			return fmt.Sprintf("(%s BETWEEN %s AND %s)", a(of), a(of), a(of))
		case 5:
			return fmt.Sprintf("(%s %s (%s, %s, %s))", a(of), pick(x.generator, "IN", "NOT IN"), x.leaf(of), x.leaf(of), x.leaf(of))
		case 6:
			return fmt.Sprintf("(%s IS %sDISTINCT FROM %s)", a(of), pick(x.generator, "", "NOT "), a(of))
		case 7:
			return fmt.Sprintf("(%s IS %s)", a(t), pick(x.generator, "TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"))
		}
		return fmt.Sprintf("(%s %s %s)", a(of), pick(x.generator, "=", "<>", "<", "<=", ">", ">="), a(of))
	case datum.Int2, datum.Int4, datum.Int8, datum.Numeric, datum.Float8, datum.Float4:
		if x.apart && t == datum.Int8 && x.rng.IntN(3) == 0 {
			return fmt.Sprintf("public.twice(%s)", a(datum.Int4))
		}
		from := pick(x.generator, datum.Int2, datum.Int4, datum.Int8, datum.Numeric, datum.Float8)
		return fmt.Sprintf("(%s)::%s", a(from), t)
	case datum.Text:
		if x.apart && x.rng.IntN(3) == 0 {
			return pick(x.generator,
				fmt.Sprintf("to_char(%s, 'YYYY-MM-DD')", a(datum.Timestamp)), fmt.Sprintf("public.shout(%s)", a(t)),
				fmt.Sprintf("format('%%s-%%L', %s, %s)", a(t), a(datum.Int4)), fmt.Sprintf(`regexp_replace(%s, '(.)\1', '<\&>')`, a(t)))
		}
		switch x.rng.IntN(4) {
		case 0:
			return fmt.Sprintf("(%s || %s)", a(t), a(t))
		case 1:
			return fmt.Sprintf("concat(%s, %s)", a(t), a(datum.Int4))
		case 2:
			return fmt.Sprintf("substring(%s from 2 for 3)", a(t))
		}
		return fmt.Sprintf("(%s)::text", a(pick(x.generator, scalars...)))
	case datum.Date:
		return fmt.Sprintf("(%s)::date", a(pick(x.generator, datum.Timestamp, datum.TimestampTZ)))
	case datum.Timestamp:
		return fmt.Sprintf("(%s)::timestamp", a(pick(x.generator, datum.Date, datum.TimestampTZ)))
	case datum.TimestampTZ:
		return fmt.Sprintf("(%s)::timestamptz", a(pick(x.generator, datum.Date, datum.Timestamp)))
	case datum.JSONB:
		return pick(x.generator, fmt.Sprintf("(%s -> 'a')", a(t)), fmt.Sprintf("(%s)::jsonb", a(datum.JSON)))
	case datum.ArrayOf(datum.Int4):
		return fmt.Sprintf("ARRAY[%s, %s]", a(datum.Int4), a(datum.Int4))
	case datum.ArrayOf(datum.Text):
		return fmt.Sprintf("ARRAY[%s, %s]", a(datum.Text), a(datum.Text))
	}
	return x.leaf(t)
}
