package expr

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// RowErrors collects the errors of a batch's rows, at most one per row: the
// first. Reset makes it ready for the next batch and keeps its memory.
type RowErrors struct {
	failed column.Bitmap
	rows   []int32        // failed rows, in the order they failed
	errs   []*datum.Error // their errors
	at     []int32        // for a failed row, its place in rows and errs
}

// Reset empties the collection and makes it one for n rows.
func (e *RowErrors) Reset(n int) {
	words := column.Words(n)
	if cap(e.failed) < words {
		e.failed = make(column.Bitmap, words)
	}
	e.failed = e.failed[:words]
	clear(e.failed)
	clear(e.errs)
	e.rows, e.errs = e.rows[:0], e.errs[:0]
	if cap(e.at) < n {
		e.at = make([]int32, n)
	}
	e.at = e.at[:n]
}

// Fail gives a row its error, unless it has one. The collection keeps err,
// which must not change any more.
func (e *RowErrors) Fail(row int32, err *datum.Error) {
	if e.failed.Get(int(row)) {
		return
	}
	e.failed.Set(int(row))
	e.at[row] = int32(len(e.rows))
	e.rows = append(e.rows, row)
	e.errs = append(e.errs, err)
}

// Any reports whether a row has failed.
func (e *RowErrors) Any() bool { return len(e.rows) > 0 }

// Len returns how many rows have failed.
func (e *RowErrors) Len() int { return len(e.rows) }

// Of returns a row's error, nil where it has none.
func (e *RowErrors) Of(row int32) *datum.Error {
	if len(e.rows) == 0 || !e.failed.Get(int(row)) {
		return nil
	}
	return e.errs[e.at[row]]
}

// Remove takes the failed rows out of a selection, in place, and returns what
// is left. The selection must be the caller's own, never column.All's.
func (e *RowErrors) Remove(rows []int32) []int32 {
	if len(e.rows) == 0 {
		return rows
	}
	kept := rows[:0]
	for _, r := range rows {
		if !e.failed.Get(int(r)) {
			kept = append(kept, r)
		}
	}
	return kept
}

// Each calls f for every failed row, in the order they failed.
func (e *RowErrors) Each(f func(row int32, err *datum.Error)) {
	for i, r := range e.rows {
		f(r, e.errs[i])
	}
}
