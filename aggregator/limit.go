package aggregator

import (
	"fmt"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
)

// SetLimit makes Add refuse rows that could make a group too large for a block
// of limit bytes: texts and numerics, as keys or kept by min and max, may have
// an equal part of half of it each. Such a row fails alone, with SQLSTATE
// 54000, instead of ending every flush from then on.
func (v *View) SetLimit(limit int) {
	values := 0
	for _, k := range v.plan.Keys {
		if k.Expr.Type().Physical() == datum.PhysBytes {
			values++
		}
	}
	for i := range v.plan.Aggregates {
		if keepsBytes(&v.plan.Aggregates[i]) {
			values++
		}
	}
	v.longest = limit / 2 / max(1, values)
}

// keepsBytes reports whether an aggregate's state may be as long as its
// arguments are.
func keepsBytes(a *query.Aggregate) bool {
	for _, s := range a.Function.States {
		if s.Type.Physical() == datum.PhysBytes && a.Arg != nil && a.Arg.Type().Physical() == datum.PhysBytes {
			return true
		}
	}
	return false
}

// refuseLong fails the rows with a value that is longer than the limit allows.
func (v *View) refuseLong(rows []int32, longest int) {
	for i, values := range v.keyValues {
		if v.keys[i] == nil {
			continue
		}
		v.refuseLongValues(values, rows, longest, "key ", v.plan.Keys[i].Column)
	}
	for i := range v.args {
		if a := &v.args[i]; a.kept {
			v.refuseLongValues(a.expr.values, v.passing(a.filter, rows), longest, "aggregate's argument", "")
		}
	}
}

func (v *View) refuseLongValues(values *column.Vector, rows []int32, longest int, what, name string) {
	if len(values.Arena) <= longest {
		return // no value can be longer than all together
	}
	for _, r := range rows {
		if n := int(values.Slices[r].Len); v.errs.Of(r) == nil && values.Valid.Get(int(r)) && n > longest {
			v.errs.Fail(r, &datum.Error{
				Code:    datum.CodeProgramLimitExceeded,
				Message: fmt.Sprintf("%s%s of %d bytes is too long", what, name, n),
				Detail:  fmt.Sprintf("A value of this view may have %d bytes: a group must fit into one Kafka message.", longest),
				Hint:    "Raise max.message.bytes of the partials topic.",
			})
		}
	}
}
