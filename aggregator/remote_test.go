package aggregator

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/query"
)

// remoteCase is what a row program does in a test: for each row of the stream the values
// that come back, and whether it fails.
type remoteCase struct {
	values []int64
	fails  bool
}

// TestRemoteAnyWay: rows are sent in any pieces and come back not at all, once or many
// times, and some fail, here, there or afterwards. The view has what a native one has
// of the rows that come back of the records that do not fail, and each record that does
// is handed over once.
func TestRemoteAnyWay(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { remoteAnyWay(t, rand.New(rand.NewPCG(seed, 8))) })
	}
}

func remoteAnyWay(t *testing.T, rng *rand.Rand) {
	expands, several, errors := rng.IntN(2) == 0, rng.IntN(2) == 0, rng.IntN(3)*rng.IntN(20)
	key := &expr.Column{Index: 0, Name: "k", Of: datum.Int4}
	x := &expr.Column{Index: 1, Name: "x", Of: datum.Int4}
	result := &expr.Column{Index: 2, Name: "f(x)", Of: datum.Int4}
	plan := &query.Plan{
		TimeZone: "UTC", Keys: keys(key),
		Aggregates: []query.Aggregate{aggregate("count", nil, nil), aggregate("sum", result, nil), aggregate("max", inverse(result), nil)},
		Remote: &query.Remote{
			Inputs: []int{1}, Parameters: []datum.Type{datum.Int4}, Gather: []int{0}, Expands: expands,
			Results: []query.RemoteResult{{Type: datum.Int4, OID: 23, SQLType: "integer"}},
			Before:  call(147, "int4gt", datum.Bool, inverse(x), &expr.Const{Value: constant(-1)}), // leaves -1 out, and fails for 0
		},
	}
	var stream Expressions
	chooser, err := NewRemote(plan, &stream, []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	view := newView(t, plan, 3)
	native := *plan
	native.Remote = nil
	want := newView(t, &native, 3)

	failed, wanted := map[string]int{}, map[string]int{}
	for n := range 1 + rng.IntN(4) {
		rows := 1 + rng.IntN(300)
		batch := &column.Batch{Rows: rows, Columns: []*column.Vector{column.New(datum.Int4), column.New(datum.Int4)}}
		cases := make([]remoteCase, rows)
		record := int32(-1)
		for row := range rows {
			if !several || record < 0 || rng.IntN(3) == 0 {
				record++
			}
			batch.Records = append(batch.Records, record)
			batch.Columns[0].AppendInt(int64(rng.IntN(5)))
			batch.Columns[1].AppendInt(remoteInput(rng, errors))
			cases[row] = remoteOutput(rng, expands, errors)
		}
		if !several {
			batch.Records = nil
		}
		name := func(record int32) string { return fmt.Sprint(n, "/", record) }
		expectRemote(want, batch, cases, func(record int32) { wanted[name(record)]++ })

		stream.Begin(batch, column.All(rows))
		chosen := chooser.Choose(func(record int32, _ *datum.Error) { failed[name(record)]++ })
		var sent Sent
		var from []int32 // of each row that was sent, its row in the batch
		for len(chosen) > 0 {
			some := 1 + rng.IntN(len(chosen))
			for some < len(chosen) && batch.Record(chosen[some]) == batch.Record(chosen[some-1]) {
				some++ // whole records
			}
			chooser.Add(&sent, chosen[:some], func(record int32) int32 { return record })
			from = append(from, chosen[:some]...)
			chosen = chosen[some:]
			if rng.IntN(2) == 0 || len(chosen) == 0 {
				view.TakeEvaluated(&sent, answerOf(&sent, from, batch, cases), func(record int32, _ *datum.Error) { failed[name(record)]++ })
				sent, from = Sent{}, nil
			}
		}
	}
	if !maps.Equal(failed, wanted) {
		t.Errorf("records that failed: %v, want %v", failed, wanted)
	}
	if got, want := encoded(t, view, 1<<20), encoded(t, want, 1<<20); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Error("the view is not what a native one is")
	}
}

func constant(x int64) *column.Vector {
	v := column.New(datum.Int4)
	v.AppendInt(x)
	return v
}

// remoteInput is a value that the native condition mostly passes.
func remoteInput(rng *rand.Rand, errors int) int64 {
	switch n := rng.IntN(100); {
	case n < errors:
		return 0
	case n < 30:
		return -1
	}
	return 1 + rng.Int64N(1000)
}

func remoteOutput(rng *rand.Rand, expands bool, errors int) remoteCase {
	c := remoteCase{fails: rng.IntN(100) < errors}
	times := 1
	if expands {
		times = rng.IntN(4)
	}
	for range times {
		value := 1 + rng.Int64N(9)
		if rng.IntN(100) < errors {
			value = 0 // fails natively: 1/0
		}
		c.values = append(c.values, value)
	}
	return c
}

// expectRemote gives the native view the rows that the other is to have.
func expectRemote(v *View, batch *column.Batch, cases []remoteCase, fail func(record int32)) {
	bad := map[int32]bool{}
	for row := range int32(batch.Rows) {
		x := batch.Columns[1].Ints[row]
		if x == 0 {
			bad[batch.Record(row)] = true
		}
	}
	for row := range int32(batch.Rows) { // what is not sent does not fail
		if c := cases[row]; batch.Columns[1].Ints[row] > 0 && !bad[batch.Record(row)] && c.fails {
			bad[batch.Record(row)] = true
		}
	}
	for row := range int32(batch.Rows) {
		if batch.Columns[1].Ints[row] > 0 && slices.Contains(cases[row].values, 0) {
			bad[batch.Record(row)] = true
		}
	}
	derived := &column.Batch{Columns: []*column.Vector{column.New(datum.Int4), column.New(datum.Int4), column.New(datum.Int4)}}
	for row := range int32(batch.Rows) {
		if batch.Columns[1].Ints[row] <= 0 || bad[batch.Record(row)] {
			continue
		}
		for _, value := range cases[row].values {
			derived.Columns[0].AppendFrom(batch.Columns[0], int(row))
			derived.Columns[1].AppendNull()
			derived.Columns[2].AppendInt(value)
			derived.Rows++
		}
	}
	for record := range bad {
		fail(record)
	}
	v.Add(derived, column.All(derived.Rows), func(int32, *datum.Error) { panic("nothing fails here") })
}

// answerOf is what PostgreSQL says.
func answerOf(sent *Sent, from []int32, batch *column.Batch, cases []remoteCase) *Evaluated {
	e := &Evaluated{Results: []*column.Vector{column.New(datum.Int4)}}
	for i := range sent.Rows {
		row := from[i]
		if sent.Inputs[0].Ints[i] != batch.Columns[1].Ints[row] {
			panic("another row was sent")
		}
		if cases[row].fails {
			e.Failed = append(e.Failed, RowFailure{Row: int32(i), Err: datum.Errorf("P0001", "no")})
			continue
		}
		for _, value := range cases[row].values {
			e.Rows = append(e.Rows, int32(i))
			e.Results[0].AppendInt(value)
		}
	}
	return e
}

// TestRemoteManyRows: a record may become more rows than a batch has, but not more
// than a record may have.
func TestRemoteManyRows(t *testing.T) {
	plan := &query.Plan{
		TimeZone: "UTC", Aggregates: []query.Aggregate{aggregate("count", nil, nil)},
		Remote: &query.Remote{Inputs: []int{0}, Parameters: []datum.Type{datum.Int4}, Expands: true},
	}
	for _, c := range []struct{ rows, counted, failed int }{
		{3*column.BatchRows + 1, 3*column.BatchRows + 2, 0}, {column.MaxRows, column.MaxRows + 1, 0}, {column.MaxRows + 1, 1, 1},
	} {
		v := newView(t, plan, 1)
		e := &Evaluated{Rows: append(make([]int32, c.rows), 1)}
		failed := 0
		v.TakeEvaluated(&Sent{Rows: 2, Records: []int32{4, 7}}, e, func(record int32, err *datum.Error) {
			if failed++; record != 4 || err.Code != datum.CodeProgramLimitExceeded {
				t.Errorf("record %d: %v", record, err)
			}
		})
		if int(v.Rows()) != c.counted || failed != c.failed {
			t.Errorf("%d rows: %d counted, %d failed", c.rows, v.Rows(), failed)
		}
	}
}
