package query

import (
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// Plan is a checked continuous SELECT: what workers compute for each batch of
// the stream, and the SQL with which PostgreSQL finishes it at read.
type Plan struct {
	// Columns are the places in the stream's schema of the columns that the
	// plan reads, ascending.
	Columns []int
	// Remote is the row program, nil for a wholly native plan. Where there is
	// one, Filter is nil, and keys and aggregates are over the derived batch.
	Remote *Remote
	// Filter is the WHERE clause; nil where there is none.
	Filter expr.Node
	// Keys are the GROUP BY expressions in order, none for a view without
	// GROUP BY (which has just one group).
	Keys []Key
	// Aggregates are the physical aggregates, each once.
	Aggregates []Aggregate
	// Output are the columns of v, in order.
	Output []Output
	// Having is the HAVING clause over the columns of v_mrel as SQL, "" for none.
	Having string
	// TimeZone is the zone that time expressions are evaluated in: the
	// database's at CREATE.
	TimeZone string
}

// Key is one GROUP BY expression.
type Key struct {
	Column string // its column in v_mrel
	Expr   expr.Node
}

// Aggregate is one physical aggregate: a function over an argument of the rows
// that pass its filter.
type Aggregate struct {
	Function *agg.Function
	Arg      expr.Node // nil for count(*)
	Filter   expr.Node // the FILTER clause; nil for none
	// Columns name the states' columns in v_mrel, in the order of
	// Function.States.
	Columns []string
}

// Output is one column of v.
type Output struct {
	Name string
	Type string // as format_type() prints it
	SQL  string // over the columns of v_mrel
}

// StateTypes returns the types of every state vector of the plan, aggregate by
// aggregate: the layout of a partial's states.
func (p *Plan) StateTypes() []datum.Type {
	var types []datum.Type
	for _, a := range p.Aggregates {
		for _, s := range a.Function.States {
			types = append(types, s.Type)
		}
	}
	return types
}

// KeyTypes returns the types of the plan's keys.
func (p *Plan) KeyTypes() []datum.Type {
	types := make([]datum.Type, len(p.Keys))
	for i, k := range p.Keys {
		types[i] = k.Expr.Type()
	}
	return types
}
