package oracle

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/topology"
)

// What a thing must have a case of.
const (
	withValue = "a value case"
	withNull  = "a NULL case"
	withError = "an error case"
)

// coverage is what the corpus has cases of, as the plans and the data say: each
// expression of each view is evaluated over the stream's records.
type coverage struct {
	t    *testing.T
	seen map[string]map[string]bool // thing, then which case
}

func (c *coverage) saw(thing, which string) {
	if c.seen[thing] == nil {
		c.seen[thing] = map[string]bool{}
	}
	c.seen[thing][which] = true
}

// testCoverage lists every aggregate × type, function, construct and clause
// that lacks a case.
func testCoverage(t *testing.T, r *reference) {
	c := &coverage{t: t, seen: map[string]map[string]bool{}}
	for _, s := range r.Streams {
		batches := c.decode(s)
		for _, v := range s.Views {
			if v.Plan.Remote != nil {
				continue // its expressions are over what PostgreSQL gave
			}
			c.expressions(s, v, batches)
			c.aggregates(s, v, batches)
		}
	}
	c.refusals(r)
	for _, need := range slices.Concat(neededAggregates(), neededFunctions(t), neededConstructs(), neededClauses()) {
		for _, which := range need.cases {
			if !c.seen[need.thing][which] {
				t.Errorf("%s lacks %s", need.thing, which)
			}
		}
	}
}

// need is a thing with the cases that it must have.
type need struct {
	thing string
	cases []string
}

// decode returns a stream's records as batches.
func (c *coverage) decode(s *CompiledStream) []*column.Batch {
	var all []*column.Batch
	if s.Definition == nil {
		return nil // no view reads it
	}
	d := consumer.NewDecoder(s.Definition, s.Fields, format.Env{Zone: s.Zone})
	var metadata format.Metadata
	for _, m := range s.Metadata {
		metadata.Want(m.What, m.Of, m.Place)
	}
	for at := 0; at < len(s.Records); {
		b := &column.Batch{Columns: make([]*column.Vector, s.Width)}
		d.Begin(b)
		metadata.Begin(b)
		for ; at < len(s.Records) && b.Rows < column.BatchRows; at++ {
			r, first := s.Records[at], b.Rows
			err := d.Append(b, r.Value)
			if err == format.NoRoom {
				break
			}
			if (err != nil) != (r.Dead != "") {
				c.t.Errorf("stream %s: record %q: %v", s.Name, r.Value, err)
			}
			metadata.Fill(b, first, &kgo.Record{Topic: s.Name, Offset: int64(at), Value: r.Value, Key: r.Key, Headers: r.Headers, Timestamp: r.Time})
		}
		all = append(all, b)
	}
	return all
}

// expressions evaluates every part of every expression of a view.
func (c *coverage) expressions(s *CompiledStream, v *CompiledView, batches []*column.Batch) {
	see := func(n expr.Node, clause string) {
		if n == nil {
			return
		}
		c.evaluate(clause, n, s, v, batches)
		expr.Visit(n, func(n expr.Node) { c.evaluate(thingOf(n), n, s, v, batches) })
	}
	see(v.Plan.Filter, "WHERE")
	for _, k := range v.Plan.Keys {
		see(k.Expr, "GROUP BY an expression")
		c.evaluate("GROUP BY "+k.Expr.Type().String(), k.Expr, s, v, batches)
	}
	for _, a := range v.Plan.Aggregates {
		see(a.Arg, "an aggregate's argument")
		see(a.Filter, "FILTER")
	}
	c.saw(fmt.Sprintf("GROUP BY with %d keys", len(v.Plan.Keys)), withValue)
	if v.Plan.Having != "" {
		c.saw("HAVING", withValue)
	}
	for _, e := range v.Expect {
		if e.Kind == "group" {
			c.saw("a group", withError)
		}
	}
	for _, o := range v.Plan.Output {
		if strings.ContainsAny(o.SQL, "( ") {
			c.saw("an expression over aggregates", withValue)
		}
	}
}

// evaluate notes which outcomes a node has over the records.
func (c *coverage) evaluate(thing string, n expr.Node, s *CompiledStream, v *CompiledView, batches []*column.Batch) {
	if thing == "" {
		return
	}
	x, err := expr.Compile(expr.Env{Zone: s.Zone}, n)
	if err != nil {
		c.t.Fatalf("%s: view %s: %s: %v", v.Place, v.Name, thing, err)
	}
	var picked column.Batch
	var errs expr.RowErrors
	for _, b := range batches {
		v.pick(b, &picked)
		errs.Reset(b.Rows)
		rows := column.All(b.Rows)
		values := x.Eval(&picked, rows, &errs)
		if errs.Any() {
			c.saw(thing, withError)
		}
		for _, row := range rows {
			switch {
			case errs.Of(row) != nil:
			case values.IsNull(int(row)):
				c.saw(thing, withNull)
			default:
				c.saw(thing, withValue)
			}
		}
	}
}

// aggregates notes for each aggregate whether some group has a value and some
// group had NULLs alone.
func (c *coverage) aggregates(s *CompiledStream, v *CompiledView, batches []*column.Batch) {
	id := topology.ViewID{1}
	table, err := aggregator.NewView(id, v.Plan, 1)
	if err != nil {
		c.t.Fatal(err)
	}
	var picked column.Batch
	for _, b := range batches {
		v.pick(b, &picked)
		table.Add(&picked, column.All(b.Rows), func(int32, *datum.Error) {})
	}
	err = table.Blocks(partial.FlushID{}, []partial.Range{{To: 1}}, 100<<20, func(_ topology.GroupHash, b *partial.Block) error {
		for i, a := range v.Plan.Aggregates {
			c.states(v, a.Function, b, b.States[i])
		}
		return nil
	})
	if err != nil {
		c.t.Fatalf("%s: view %s: %v", v.Place, v.Name, err)
	}
}

// states notes what a block's groups have of one aggregate.
func (c *coverage) states(v *CompiledView, f *agg.Function, b *partial.Block, states *column.Vector) {
	kind, _, _ := strings.Cut(f.Name, ".")
	names := []string{kind}
	for _, proc := range v.Analysis.Procs {
		// avg keeps a sum, and is seen by its name.
		if proc.Kind == "a" && proc.Name == "avg" && kind == "sum" && slices.Contains(proc.Args, f.Arg.String()) {
			names = append(names, "avg")
		}
	}
	bad := map[int]bool{}
	for _, e := range b.Errors {
		bad[e.Group] = true
	}
	for _, name := range names {
		thing := aggregateName(name, f.Arg)
		for row := range b.Groups {
			switch {
			case bad[row]:
				c.saw(thing, withError)
			case states.IsNull(row), kind == "count" && states.Ints[row] == 0:
				c.saw(thing, withNull)
			default:
				c.saw(thing, withValue)
			}
		}
	}
}

// refusals notes the aggregates that PostgreSQL lacks and says so.
func (c *coverage) refusals(r *reference) {
	for _, e := range r.Refusals {
		if e.Code != "42883" {
			continue
		}
		for _, name := range []string{"count", "sum", "avg", "min", "max"} {
			for _, of := range datum.Types() {
				if strings.Contains(e.Message, fmt.Sprintf("function %s(%s) does not exist", name, of)) {
					c.saw(aggregateName(name, of), withError)
				}
			}
		}
	}
}

func aggregateName(name string, of datum.Type) string {
	if of == datum.Invalid {
		return "aggregate " + name + "(*)"
	}
	return fmt.Sprintf("aggregate %s(%s)", name, of)
}

// canOverflow are the sums that a corpus can bring beyond their type. The others
// cannot fail: counts and extremes by their nature; sums of integers are kept in a type
// that takes more input than there is; avg(real) adds in double precision, where
// no number of reals is too many. An average over a type fails with its sum.
var canOverflow = []string{
	"sum.float8", "sum.numeric", "sum.interval", "avg.float8", "avg.numeric", "avg.interval",
}

func neededAggregates() []need {
	all := []need{{aggregateName("count", datum.Invalid), []string{withValue}}} // it takes no argument that could be NULL
	for _, name := range []string{"count", "sum", "avg", "min", "max"} {
		kind := name
		if name == "avg" {
			kind = "sum"
		}
		for _, of := range datum.Types() {
			f, has := agg.Lookup(kind, of)
			n := need{aggregateName(name, of), []string{withError}}
			if has {
				n.cases = []string{withValue, withNull}
				_, arg, _ := strings.Cut(f.Name, ".")
				if slices.Contains(canOverflow, name+"."+arg) {
					n.cases = append(n.cases, withError)
				}
			}
			all = append(all, n)
		}
	}
	return all
}

// functionName names a function by what tells it from others.
func functionName(oid uint32, name string) string { return fmt.Sprintf("function %d %s", oid, name) }

func neededFunctions(t *testing.T) []need {
	failing := failingFunctions(t)
	var all []need
	for _, f := range expr.Functions() {
		if slices.Contains(f.Args, datum.Enum) {
			continue // needs a type of the database's own
		}
		n := need{functionName(f.OID, f.Name), []string{withValue, withNull}}
		if f.Name == "concat" {
			n.cases = []string{withValue} // it passes over NULLs
		}
		if failing[f.OID] {
			n.cases = append(n.cases, withError)
		}
		all = append(all, n)
	}
	return all
}

// failingFunctions are those that PostgreSQL raised an error in when the golden
// answers of the native functions were collected.
func failingFunctions(t *testing.T) map[uint32]bool {
	file, err := os.Open("../../aggregator/expr/testdata/functions.golden")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	failing := map[uint32]bool{}
	var oid uint64
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if title, is := strings.CutPrefix(lines.Text(), "# "); is {
			number, _, _ := strings.Cut(title, " ")
			if oid, err = strconv.ParseUint(number, 10, 32); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if at := strings.LastIndexByte(lines.Text(), '\t'); strings.HasPrefix(lines.Text()[at+1:], "!") {
			failing[uint32(oid)] = true
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	delete(failing, 0) // casts through text are constructs
	return failing
}

// neededConstructs are what an expression consists of besides functions. A
// construct fails where a part of it does, which is counted with the part; a
// test never gives NULL; NOT IN comes to a plan as AND.
func neededConstructs() []need {
	var all []need
	for _, name := range []string{"AND", "OR", "NOT", "CASE", "COALESCE", "NULLIF", "GREATEST", "LEAST", "IN"} {
		all = append(all, need{name, []string{withValue, withNull}})
	}
	for _, name := range []string{
		"IS NULL", "IS NOT NULL", "IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN", "IS NOT UNKNOWN", "IS DISTINCT FROM",
	} {
		all = append(all, need{name, []string{withValue}})
	}
	all = append(all,
		need{"SUBSCRIPT", []string{withValue, withNull}}, need{"ARRAY", []string{withValue}},
		need{"ANY (array)", []string{withValue, withNull}}, need{"cast of an array", []string{withValue, withNull}})
	for _, of := range datum.Types() {
		if of == datum.Text {
			continue
		}
		if of != datum.Bool { // boolean to text is a function
			all = append(all, need{fmt.Sprintf("cast from %s to text", of), []string{withValue, withNull}})
		}
		all = append(all, need{fmt.Sprintf("cast from text to %s", of), []string{withValue, withNull, withError}})
	}
	return all
}

// neededClauses are the clauses of a SELECT. HAVING and expressions over
// aggregates are PostgreSQL's at read: their error is a group's.
func neededClauses() []need {
	all := []need{
		{"WHERE", []string{withValue, withNull, withError}},
		{"FILTER", []string{withValue, withNull, withError}},
		{"GROUP BY an expression", []string{withValue, withNull, withError}},
		{"an aggregate's argument", []string{withValue, withNull, withError}},
		{"HAVING", []string{withValue}},
		{"an expression over aggregates", []string{withValue}},
		{"a group", []string{withError}},
	}
	for n := range 4 {
		all = append(all, need{fmt.Sprintf("GROUP BY with %d keys", n), []string{withValue}})
	}
	for _, of := range datum.Types() {
		all = append(all, need{"GROUP BY " + of.String(), []string{withValue, withNull}})
	}
	return all
}

// thingOf names a node, "" for columns, literals and mere relabellings.
func thingOf(n expr.Node) string {
	switch n := n.(type) {
	case *expr.Call:
		return functionName(n.Proc, n.Name)
	case *expr.Coerce:
		if n.ViaIO {
			return fmt.Sprintf("cast from %s to %s", n.Arg.Type(), n.Of)
		}
	case *expr.Logic:
		return []string{"AND", "OR", "NOT"}[n.Op]
	case *expr.Case:
		return "CASE"
	case *expr.Coalesce:
		return "COALESCE"
	case *expr.NullIf:
		return "NULLIF"
	case *expr.Greatest:
		if n.Least {
			return "LEAST"
		}
		return "GREATEST"
	case *expr.Test:
		return "IS " + []string{"NULL", "NOT NULL", "TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"}[n.Kind]
	case *expr.Distinct:
		return "IS DISTINCT FROM"
	case *expr.In:
		return "IN"
	case *expr.Subscript:
		return "SUBSCRIPT"
	case *expr.MakeArray:
		return "ARRAY"
	case *expr.AnyOf:
		return "ANY (array)"
	case *expr.ArrayCast:
		return "cast of an array"
	}
	return ""
}
