package expr

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// TestFilterIsEval: what a filter chooses are the rows at which the expression's
// value is TRUE and that have not failed, in any tree, over columns with NULLs
// and without, whatever selection it gets and wherever it writes.
func TestFilterIsEval(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 4))
		b := randomBools(rng, 1+rng.IntN(200))
		n := randomCondition(rng, 3)
		var rows []int32
		for r := range b.Rows {
			if rng.IntN(4) > 0 {
				rows = append(rows, int32(r))
			}
		}
		var errs RowErrors
		errs.Reset(b.Rows)
		early := int32(-1) // a row that has failed already
		if rng.IntN(2) == 0 && len(rows) > 0 {
			early = rows[rng.IntN(len(rows))]
			errs.Fail(early, datum.Errorf(datum.CodeDivisionByZero, "early"))
		}
		v := mustCompile(t, n).Eval(b, rows, &errs)
		var want []int32
		for _, r := range rows {
			if errs.Of(r) == nil && isTrue(v, r) {
				want = append(want, r)
			}
		}
		errs.Reset(b.Rows)
		if early >= 0 {
			errs.Fail(early, datum.Errorf(datum.CodeDivisionByZero, "early"))
		}
		e := mustCompile(t, n)
		if got := e.Filter(b, rows, []int32{-7}, &errs); got[0] != -7 || !slices.Equal(got[1:], want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
		own := slices.Clone(rows)
		if got := e.Filter(b, own, own[:0], &errs); !slices.Equal(got, want) {
			t.Fatalf("seed %d, in place: %v, want %v", seed, got, want)
		}
	}
}

// TestFilterNarrows: rows that an AND has left are not evaluated any more, those
// where it is NULL neither, as in PostgreSQL's WHERE.
func TestFilterNarrows(t *testing.T) {
	b := batchOf(ints(datum.Int4, 1, 0, 2, null, 0), ints(datum.Bool, 1, 0, 1, 1, null))
	failing := gt(div(lit(10), col(0)), lit(1))
	var errs RowErrors
	errs.Reset(b.Rows)
	e := mustCompile(t, and(boolCol(1), ne(col(0), lit(2)), failing))
	if got := e.Filter(b, column.All(b.Rows), nil, &errs); !slices.Equal(got, []int32{0}) || errs.Any() {
		t.Errorf("rows %v, %d errors", got, errs.Len())
	}
	// What cannot fail comes first wherever it stands; what can fail stays in order.
	e = mustCompile(t, and(failing, boolCol(1)))
	if got := e.Filter(b, column.All(b.Rows), nil, &errs); !slices.Equal(got, []int32{0, 2}) || errs.Any() {
		t.Errorf("rows %v, %d errors", got, errs.Len())
	}
	e = mustCompile(t, and(failing, gt(div(col(1), lit(1)), lit(0))))
	if got := e.Filter(b, column.All(b.Rows), nil, &errs); !slices.Equal(got, []int32{0, 2}) || errs.Len() != 2 {
		t.Errorf("rows %v, %d errors", got, errs.Len())
	}
}

// randomBools returns two columns of ints and two of booleans, half of the
// columns without NULLs.
func randomBools(rng *rand.Rand, rows int) *column.Batch {
	b := &column.Batch{Rows: rows}
	for _, typ := range []datum.Type{datum.Int4, datum.Int4, datum.Bool, datum.Bool} {
		v, nulls := column.New(typ), rng.IntN(2) == 0
		for range rows {
			if nulls && rng.IntN(4) == 0 {
				v.AppendNull()
			} else {
				v.AppendInt(int64(rng.IntN(2)))
			}
		}
		b.Columns = append(b.Columns, v)
	}
	return b
}

// randomCondition returns a boolean tree over these columns that cannot fail.
func randomCondition(rng *rand.Rand, depth int) Node {
	value := func() Node {
		switch rng.IntN(4) {
		case 0:
			return lit(int64(rng.IntN(2)))
		case 1:
			return plus(col(0), col(1))
		default:
			return col(rng.IntN(2))
		}
	}
	if depth == 0 || rng.IntN(4) == 0 {
		procs := []uint32{65, 144, 66, 149, 147, 150}
		if rng.IntN(4) == 0 {
			return boolCol(2 + rng.IntN(2))
		}
		return &Call{Proc: procs[rng.IntN(len(procs))], Args: []Node{value(), value()}, Of: datum.Bool}
	}
	args := make([]Node, 2+rng.IntN(2))
	for i := range args {
		args[i] = randomCondition(rng, depth-1)
	}
	switch rng.IntN(4) {
	case 0:
		return or(args...)
	case 1:
		return &Logic{Op: Not, Args: args[:1]}
	default:
		return and(args...)
	}
}
