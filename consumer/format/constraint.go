package format

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// defaulted is a wanted field with a default value.
type defaulted struct {
	target int
	value  *column.Vector // of one row
}

// defaultsOf has the types' input functions read the fields' default values. The
// texts are PostgreSQL's own output, so none is refused; one that is stays NULL.
func (d *input) defaultsOf(targets []target) []defaulted {
	var all []defaulted
	for i := range targets {
		t := &targets[i]
		if t.Default == nil {
			continue
		}
		v := column.New(t.Type)
		v.Resize(1)
		if d.parse(t, v, 0, []byte(*t.Default)) == nil {
			all = append(all, defaulted{i, v})
		}
	}
	return all
}

// fillDefaults gives the fields that a row lacks their default values. A field that
// says null has it.
func fillDefaults(defaults []defaulted, targets []target, row int) {
	for _, f := range defaults {
		t := &targets[f.target]
		if t.vec.IsNull(row) && !t.null {
			t.vec.SetFrom(row, f.value, 0)
		}
		t.null = false
	}
}

// checkNotNull refuses a row without a value for a NOT NULL column.
func checkNotNull(targets []target, notNull []int32, row int) *datum.Error {
	for _, i := range notNull {
		if t := &targets[i]; t.vec.IsNull(row) {
			return datum.Errorf(datum.CodeNotNullViolation, "null value in column \"%s\" violates not-null constraint", t.Name)
		}
	}
	return nil
}
