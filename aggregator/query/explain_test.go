package query

import (
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestExplain prints the plans of some recorded SELECTs, by PostgreSQL 15: how it
// prints a row program is its own.
func TestExplain(t *testing.T) {
	r := recordings(t)["pg15.json.gz"]
	datadriven.RunTest(t, "testdata/explain", func(t *testing.T, d *datadriven.TestData) string {
		analysis, ok := r.Analyses[d.Input]
		if !ok {
			return "not recorded"
		}
		plan, err := Build(analysis, r.Schema)
		if err != nil {
			return failure(d.Input, err)
		}
		return strings.Join(plan.Explain(r.Schema), "\n")
	})
}

// Every line of an explanation is one line.
func TestExplainLines(t *testing.T) {
	for _, r := range recordings(t) {
		for sql, analysis := range r.Analyses {
			plan, err := Build(analysis, r.Schema)
			if err != nil {
				continue
			}
			if lines := plan.Explain(r.Schema); slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "\n") }) {
				t.Errorf("%s:\n%s", sql, strings.Join(lines, "\n"))
			}
		}
	}
}
