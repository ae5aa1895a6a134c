package oracle

import (
	"strings"
	"testing"
)

// TestScriptFaults: what a script gets wrong is said, with its place.
func TestScriptFaults(t *testing.T) {
	const stream = "stream s\n\ta integer\n\n"
	for _, c := range []struct{ script, want string }{
		{"stream", "has no name"},
		{stream + "stream s", "two streams s"},
		{"stream s twice", "no argument twice"},
		{"rows s\n\t{}", "no stream s"},
		{stream + "lines s", "no directive lines"},
		{stream + "rows s late", "no argument late"},
		{stream + "rows s\n\t\"{", "invalid syntax"},
		{stream + "random s seed=x", "invalid syntax"},
		{stream + "random s size=1", "no argument size"},
		{"stream s\n\ta uuid\n\nrandom s rows=20", "no random values"},
		{stream + "view v\n\tSELECT count(*) FROM t", "reads no stream"},
		{stream + "view v far\n\tSELECT count(*) FROM s", "no argument far"},
		{stream + "view v approx=x\n\tSELECT count(*) FROM s", "invalid syntax"},
		{stream + "view v\n\tSELECT count(*) FROM s\n\t! error", "is not: kind SQLSTATE text"},
		{stream + "view v\n\tSELECT count(*) FROM s\n\t! dead 22012 a = 0", "has no where"},
		{stream + "view v\n\tSELECT count(*) FROM s\n\t! fine 22012 a = 0", "no expectation fine"},
		{stream + "view v\n\tSELECT count(*) FROM s\n\nview v\n\tSELECT sum(a) FROM s", "view v is at x:4 already"},
	} {
		p := &parser{corpus: &Corpus{}, file: "x", lines: strings.Split(c.script, "\n")}
		if err := p.parse(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.script, err, c.want)
		}
	}
}

// TestDifference: what is not equal is told apart.
func TestDifference(t *testing.T) {
	columns := []Column{{"k", 25, -1, ""}, {"x", 701, -1, ""}}
	answer := func(rows ...string) *Answer {
		a := &Answer{Columns: columns}
		for _, row := range rows {
			a.Rows = append(a.Rows, strings.Split(row, " "))
		}
		return a
	}
	near, exactly := &Case{Approx: []int{2}}, &Case{}
	for _, c := range []struct {
		name      string
		c         *Case
		want, got *Answer
		equal     bool
	}{
		{"order", exactly, answer("a 1", "b 2"), answer("b 2", "a 1"), true},
		{"a row too few", exactly, answer("a 1", "a 1"), answer("a 1"), false},
		{"a row too many", exactly, answer("a 1"), answer("a 1", "a 1"), false},
		{"another text", exactly, answer("a 1"), answer("a 1.0"), false},
		{"another column", exactly, answer("a 1"), &Answer{Columns: columns[:1], Rows: [][]string{{"a"}}}, false},
		{"an error", exactly, answer("a 1"), &Answer{Code: "22003"}, false},
		{"rounding", near, answer("a 1", "b 3"), answer("b 3.0000000001", "a 1.0000000001"), true},
		{"rounding, not asked for", exactly, answer("a 1"), answer("a 1.0000000001"), false},
		{"more than rounding", near, answer("a 1"), answer("a 1.00001"), false},
		{"rounding of another row", near, answer("a 1", "b 2"), answer("a 2", "b 1"), false},
		{"NaN", near, answer("a NaN"), answer("a 1"), false},
	} {
		if got := Difference(c.c, c.want, c.got); (got == "") != c.equal {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
}
