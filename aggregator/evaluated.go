package aggregator

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// Evaluated is what a view's row program made of the rows that were sent to it.
type Evaluated struct {
	// Rows says of each row that came back which of those sent it is of, counted
	// from 0; ascending.
	Rows []int32
	// Results are the program's columns, with a value for each of Rows.
	Results []*column.Vector
	// Failed are the rows that PostgreSQL refused, ascending; none of them is
	// in Rows.
	Failed []RowFailure
}

// RowFailure is a row that could not be evaluated, and why.
type RowFailure struct {
	Row int32
	Err *datum.Error
}
