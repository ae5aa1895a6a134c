package consumer

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
)

// testEvaluator is PostgreSQL for remoteSelect: f is the identity, and raises an error
// for what it refuses. It answers in any order, and fails at the rate that a test sets.
type testEvaluator struct {
	t testing.TB

	mu      sync.Mutex // guards the rest
	rng     *rand.Rand
	fail    int   // of 100 calls fail
	broken  error // every call fails
	gate    chan struct{}
	only    int64 // at the gate only calls with this value wait; 0: all
	waiting int   // at the gate
	rows    int
	passed  int // rows of calls that were answered
	given   int // calls that were given up
}

func newTestEvaluator(t testing.TB, seed uint64) *testEvaluator {
	return &testEvaluator{t: t, rng: rand.New(rand.NewPCG(seed, 5))}
}

// refuses reports whether f raises an error.
func refuses(i int64) bool { return i%37 == 36 }

var errTestEvaluator = errors.New("evaluator: injected failure")

// passing is an error that says of itself that it passes.
type passing struct{ error }

func (passing) Temporary() bool { return true }

// close makes every call wait until open is called.
func (e *testEvaluator) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gate = make(chan struct{})
}

func (e *testEvaluator) open() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gate != nil {
		close(e.gate)
	}
	e.gate = nil
}

// breaks makes every call fail, or none any more.
func (e *testEvaluator) breaks(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broken = err
}

// is reports whether something is so of the evaluator.
func (e *testEvaluator) is(so func() bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return so()
}

func (e *testEvaluator) Evaluate(ctx context.Context, program *query.Remote, inputs []*column.Vector, rows int) (*aggregator.Evaluated, error) {
	if len(inputs) != 1 || len(program.Results) != 1 || inputs[0].Len() != rows {
		e.t.Errorf("%d inputs of %d rows for %d results", len(inputs), rows, len(program.Results))
	}
	e.mu.Lock()
	e.rows += rows
	yields := e.rng.IntN(50)
	err := e.broken
	if err == nil && e.rng.IntN(100) < e.fail {
		err = passing{errTestEvaluator}
	}
	gate := e.gate
	if e.only != 0 && !slices.Contains(inputs[0].Ints, e.only) {
		gate = nil
	}
	if gate != nil {
		e.waiting++
	}
	e.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
		}
		e.mu.Lock()
		e.waiting--
		e.mu.Unlock()
	}
	for range yields { // so that calls overtake each other
		runtime.Gosched()
	}
	if ctx.Err() != nil {
		e.mu.Lock()
		e.given++
		e.mu.Unlock()
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	out := &aggregator.Evaluated{Results: []*column.Vector{column.New(datum.Int8)}}
	for row := range rows {
		i := inputs[0].Ints[row]
		switch {
		case i >= 450:
			e.t.Errorf("sent %d, which WHERE excludes", i)
		case refuses(i):
			out.Failed = append(out.Failed, aggregator.RowFailure{Row: int32(row), Err: datum.Errorf("P0001", "f refuses %d", i)})
		default:
			out.Rows = append(out.Rows, int32(row))
			out.Results[0].AppendInt(i)
		}
	}
	e.mu.Lock()
	e.passed += rows
	e.mu.Unlock()
	return out, nil
}
