package aggregator

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/query"
)

// addFurther makes the view's sides: itself and, of a UNION ALL, one for each other
// SELECT of it, which evaluates the batch in its own way. All feed the groups of v.
func (v *View) addFurther() {
	v.sides = []*View{v}
	for i := range v.plan.Further {
		side := &View{id: v.id, plan: sideOf(v.plan, i), shards: v.shards, states: v.states}
		side.made = newMadeKeys(side.plan)
		side.keyValues = make([]*column.Vector, len(v.plan.Keys))
		v.sides = append(v.sides, side)
	}
	for i, side := range v.sides {
		side.made.side, side.made.sides = int64(i), int64(len(v.sides))
	}
}

// sideOf returns the plan of one of the other SELECTs.
func sideOf(plan *query.Plan, further int) *query.Plan {
	one, in := *plan, &plan.Further[further]
	one.Filter, one.Keys, one.Aggregates, one.Further = in.Filter, nil, nil, nil
	for i, k := range plan.Keys {
		k.Expr = in.Keys[i]
		one.Keys = append(one.Keys, k)
	}
	for i, a := range plan.Aggregates {
		a.Arg, a.Filter = in.Args[i], in.Filters[i]
		one.Aggregates = append(one.Aggregates, a)
	}
	return &one
}

// joinErrors makes the rows that failed on any side failed ones on all.
func (v *View) joinErrors() {
	for _, side := range v.sides[1:] {
		side.errs.Each(v.errs.Fail)
	}
}

// spreadErrors is what joinErrors is followed by, once v knows all.
func (v *View) spreadErrors() {
	for _, side := range v.sides[1:] {
		v.errs.Each(side.errs.Fail)
	}
}
