package format

import (
	"fmt"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// Several reports whether a record of a format may have another number of rows than
// one.
func Several(format string) bool { return format == "ndjson" || format == "csv" || format == "text" }

// rowsFull is the error of a record with more rows than any batch has.
func rowsFull() *datum.Error {
	err := datum.Errorf(datum.CodeProgramLimitExceeded, "a record has more than %d rows", column.MaxRows)
	err.Hint = "Produce smaller records."
	return err
}

// room makes sure that a row can be written behind the batch's rows, the first of
// which is the record's at start.
func room(targets []target, b *column.Batch, start int) *datum.Error {
	switch {
	case b.Rows < column.BatchRows:
		return nil
	case start > 0:
		return NoRoom
	case b.Rows >= column.MaxRows:
		return rowsFull()
	}
	for i := range targets {
		if t := &targets[i]; t.vec.Len() <= b.Rows {
			t.vec.Extend(t.vec.Len())
		}
	}
	return nil
}

// takeBackRows makes the rows from start to the one that was being filled NULL
// again, the last one first: each vector's arena is cut off before it.
func takeBackRows(targets []target, b *column.Batch, start int) {
	for i := range targets {
		vec := targets[i].vec
		targets[i].null = false
		for row := min(b.Rows, vec.Len()-1); row >= start; row-- {
			setNull(vec, row)
		}
	}
	b.Rows = start
}

// inLine says in an error which of its record's lines it is about.
func inLine(err *datum.Error, line int) *datum.Error {
	placed := *err
	where := fmt.Sprintf("line %d", line)
	if placed.Detail == "" {
		placed.Detail = where
	} else {
		placed.Detail = where + ": " + placed.Detail
	}
	return &placed
}
