//go:build !race

package expr

import (
	"testing"

	"github.com/millrace/millrace/aggregator/column"
)

// TestSteadyStateAllocatesNothing does not run under the race detector, with which
// pools (regexp's) let go of things at random.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	b := fullBatch()
	for name, n := range steadyNodes() {
		x := mustCompile(t, n)
		var errs RowErrors
		some := []int32{1, 5, 77, 4000}
		run := func() {
			errs.Reset(b.Rows)
			x.Eval(b, column.All(b.Rows), &errs)
			x.Eval(b, some, &errs)
		}
		run()
		if n := testing.AllocsPerRun(5, run); n != 0 {
			t.Errorf("%s: %v allocations per batch", name, n)
		}
	}
}
