package expr

import (
	"bufio"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// testdata/functions.golden holds PostgreSQL's own answers: one section for
// each function (and each type's cast from and to text), one line for each
// call, its arguments and the result separated by tabs. A result "!22003 …" is
// an error. To ask PostgreSQL again:
//
//	MILLRACE_TEST_DATABASE_URL=… go test ./aggregator/expr -run Golden -update

var update = flag.Bool("update", false, "ask PostgreSQL for the golden answers anew")

const (
	goldenFile = "testdata/functions.golden"
	goldenZone = "Europe/Berlin"
)

// section is one function's calls.
type section struct {
	oid    uint32 // 0: the cast through text
	name   string
	args   []datum.Type
	result datum.Type
	calls  []goldenCall
}

type goldenCall struct {
	args []*string // nil is NULL
	want string    // as it stands in the file
}

func (s section) title() string {
	args := make([]string, len(s.args))
	for i, a := range s.args {
		args[i] = a.String()
	}
	return fmt.Sprintf("# %d %s %s -> %s", s.oid, s.name, strings.Join(args, ","), s.result)
}

func quoteGolden(s string) string {
	plain := s != "" && s != "NULL" && !strings.ContainsAny(s[:1], "!\"# ") && !strings.ContainsAny(s, "\t\n\r\\") && s[len(s)-1] != ' '
	if plain {
		return s
	}
	return strconv.Quote(s)
}

func unquoteGolden(t testing.TB, s string) *string {
	if s == "NULL" {
		return nil
	}
	if strings.HasPrefix(s, `"`) {
		u, err := strconv.Unquote(s)
		if err != nil {
			t.Fatalf("golden value %s: %v", s, err)
		}
		return &u
	}
	return &s
}

func typeNamed(t testing.TB, name string) datum.Type {
	for _, x := range datum.AllTypes() {
		if x.String() == name {
			return x
		}
	}
	t.Fatalf("golden type %q is not native", name)
	return datum.Invalid
}

func readGolden(t testing.TB) []section {
	f, err := os.Open(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []section
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			all = append(all, readTitle(t, rest))
			continue
		}
		fields := strings.Split(line, "\t")
		call := goldenCall{want: fields[len(fields)-1]}
		for _, a := range fields[:len(fields)-1] {
			call.args = append(call.args, unquoteGolden(t, a))
		}
		s := &all[len(all)-1]
		s.calls = append(s.calls, call)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func readTitle(t testing.TB, line string) section {
	head, result, _ := strings.Cut(line, " -> ")
	parts := strings.SplitN(head, " ", 3)
	oid, err := strconv.ParseUint(parts[0], 10, 32)
	if err != nil {
		t.Fatalf("golden title %q: %v", line, err)
	}
	s := section{oid: uint32(oid), name: parts[1], result: typeNamed(t, result)}
	for _, a := range strings.Split(parts[2], ",") {
		s.args = append(s.args, typeNamed(t, a))
	}
	return s
}

// node is the call over the given arguments.
func (s section) node(args []Node) Node {
	if s.oid == 0 {
		return &Coerce{Arg: args[0], Of: s.result, ViaIO: true}
	}
	return &Call{Proc: s.oid, Name: s.name, Args: args, Of: s.result}
}

func testEnv(t testing.TB) Env {
	zone, err := time.LoadLocation(goldenZone)
	if err != nil {
		t.Fatal(err)
	}
	return Env{Zone: zone}
}

// appendParsed appends a value in its text form, nil for NULL.
func appendParsed(t testing.TB, env Env, v *column.Vector, s *string) {
	t.Helper()
	if s == nil {
		v.AppendNull()
		return
	}
	text := column.New(datum.Text)
	text.AppendBytes([]byte(*s))
	x, err := Compile(env, &Coerce{Arg: &Const{text}, Of: v.Type, ViaIO: true})
	if err != nil {
		t.Fatal(err)
	}
	var errs RowErrors
	errs.Reset(1)
	got := x.Eval(&column.Batch{Rows: 1}, column.All(1), &errs)
	if errs.Any() {
		t.Fatalf("%s %q: %v", v.Type, *s, errs.Of(0))
	}
	v.AppendFrom(got, 0)
}

// printed is a row's outcome as the golden file has it.
func printed(v *column.Vector, r int, errs *RowErrors, zone *time.Location) string {
	if err := errs.Of(int32(r)); err != nil {
		return "!" + err.Code + " " + err.Message
	}
	if v.IsNull(r) {
		return "NULL"
	}
	if v.Type == datum.Bool {
		return string(datum.AppendBoolText(nil, v.Ints[r] != 0))
	}
	return quoteGolden(string(appendOutput(nil, v, r, zone)))
}

// deliberate are the differences from PostgreSQL 15 that we keep.
func deliberate(s section, c goldenCall, got string) bool {
	switch s.oid {
	case 1188, 2031, 1190, 2033, 2072, 1200, 3464:
		// Where 15 wraps around, silently, 17 and later raise an error.
		return got == "!22008 interval out of range"
	case 231, 1345:
		// The C library's cbrt is up to four units of the last place off.
		a, _ := strconv.ParseFloat(got, 64)
		b, _ := strconv.ParseFloat(c.want, 64)
		return math.Abs(a-b) <= math.Abs(b)*0x1p-50
	case 320, 2170:
		// What rounds to the upper bound is in the last bucket, as in later versions.
		return got == *c.args[3]
	case 0:
		// Malformed times that PostgreSQL happens to read are refused.
		return s.result == datum.Time && strings.HasPrefix(got, "!")
	case 6202, 6203:
		// In the last decades that a timestamp has, 15 rounds the microseconds away.
		return *c.args[0] == "epoch" && strings.HasPrefix(*c.args[1], "294276-")
	}
	return false
}

func TestGolden(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	env := testEnv(t)
	for _, s := range readGolden(t) {
		t.Run(fmt.Sprintf("%d-%s", s.oid, s.name), func(t *testing.T) {
			s.check(t, env)
		})
	}
}

// check evaluates the section as one batch over columns, and each call again
// over literals: all, and where there are several arguments each in turn.
func (s section) check(t *testing.T, env Env) {
	b := &column.Batch{Rows: len(s.calls)}
	var columns []Node
	for i, typ := range s.args {
		v := column.New(typ)
		for _, c := range s.calls {
			appendParsed(t, env, v, c.args[i])
		}
		b.Columns = append(b.Columns, v)
		columns = append(columns, &Column{Index: i, Of: typ})
	}
	checked := s.compare(t, env, b, columns, "columns", 0, len(s.calls))
	for row := range s.calls {
		literals := make([]Node, len(s.args))
		for i, typ := range s.args {
			v := column.New(typ)
			v.AppendFrom(b.Columns[i], row)
			literals[i] = &Const{v}
		}
		checked = s.compare(t, env, b, literals, "literals", row, row+1) || checked
		for i := 0; i < len(s.args) && len(s.args) > 1; i++ {
			mixed := slices.Clone(columns)
			mixed[i] = literals[i]
			checked = s.compare(t, env, b, mixed, fmt.Sprintf("literal %d", i+1), row, row+1) || checked
		}
	}
	if !checked {
		t.Error("no call was compiled")
	}
}

func (s section) compare(t *testing.T, env Env, b *column.Batch, args []Node, how string, from, to int) bool {
	x, err := Compile(env, s.node(args))
	if err != nil {
		if f := functions[s.oid]; f == nil || f.bind == nil {
			t.Fatal(err)
		}
		return false // it takes literals only
	}
	var errs RowErrors
	errs.Reset(b.Rows)
	v := x.Eval(b, column.All(b.Rows)[from:to], &errs)
	for row := from; row < to; row++ {
		if got, want := printed(v, row, &errs, env.Zone), s.calls[row].want; got != want && !deliberate(s, s.calls[row], got) {
			var in []string
			for _, a := range s.calls[row].args {
				if a == nil {
					in = append(in, "NULL")
				} else {
					in = append(in, quoteGolden(*a))
				}
			}
			t.Errorf("%s over %s: (%s) = %s, PostgreSQL: %s", s.title(), how, strings.Join(in, ", "), got, want)
		}
	}
	return true
}

// TestGoldenCoverage holds that no function is registered without PostgreSQL's
// answers, a NULL among its arguments.
func TestGoldenCoverage(t *testing.T) {
	covered, null := map[uint32]bool{}, map[uint32]bool{}
	for _, s := range readGolden(t) {
		covered[s.oid] = covered[s.oid] || len(s.calls) >= 3
		for _, c := range s.calls {
			null[s.oid] = null[s.oid] || c.want == "NULL"
		}
	}
	for _, f := range Functions() {
		if slices.Contains(f.Args, datum.Enum) {
			continue // whose labels are each database's own
		}
		if lax := functions[f.OID].lax; lax { // which concat never is
			null[f.OID] = true
		}
		if !covered[f.OID] || !null[f.OID] {
			t.Errorf("%d %s: covered %v, with NULL %v", f.OID, f.Name, covered[f.OID], null[f.OID])
		}
	}
}
