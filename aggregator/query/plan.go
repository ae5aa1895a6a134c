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
	// Sets are the grouping sets, nil where there is just one: of each, which
	// keys a row is grouped by. The others are NULL for it. The last key is the
	// number of the set, in every one of them.
	Sets [][]bool
	// AppendOnly says that each row of the stream is a row of v_mrel, by where
	// its record is: the first keys are partition, offset and the row's number in
	// its record, the others are carried.
	AppendOnly bool
	// Aggregates are the physical aggregates, each once.
	Aggregates []Aggregate
	// Further are the other SELECTs of a UNION ALL: what Filter, Keys and
	// Aggregates say of the first, for each of them.
	Further []Input
	// Output are the columns of v, in order.
	Output []Output
	// Having is the HAVING clause over the columns of v_mrel as SQL, "" for none.
	Having string
	// Reading is what else is done when v is read.
	Reading Reading
	// TimeZone is the zone that time expressions are evaluated in: the
	// database's at CREATE.
	TimeZone string
}

// Key is what groups are told apart by: a GROUP BY expression, or what a form of
// SELECT needs instead of one or besides.
type Key struct {
	Column string // its column in v_mrel
	// Expr is what it is of a row. Of a key that is not evaluated it is a
	// constant of the key's type.
	Expr   expr.Node
	Origin Origin
	// OID and SQLType are the expression's type in the target database, which is
	// more than Expr.Type() tells of an enum, a domain or an other type: SQLType is
	// as format_type() prints it, qualified.
	OID     uint32
	SQLType string
	// Carried says that the value goes with its group and takes no part in what
	// tells groups apart, in hashes neither: the values of an append-only view,
	// whose rows have a key of their own. So any type may be carried.
	Carried bool
}

// Origin says where a key's values come from.
type Origin uint8

// The origins.
const (
	Evaluated Origin = iota // from Key.Expr
	SetNumber               // the number of the grouping set, from 0
	// RowNumber is the number of a row among those of its record, from 1. A
	// record's rows stand one behind the other in a batch.
	RowNumber
)

// Reading is what PostgreSQL does with the rows of v_mrel when v is read, after
// HAVING: DISTINCT, ORDER BY, LIMIT and OFFSET.
type Reading struct {
	Distinct   bool
	DistinctOn []Sort // without directions, nil for none
	Order      []Sort
	Limit      string // SQL, "" for none
	Offset     string // SQL, "" for none
	WithTies   bool   // FETCH FIRST Limit ROWS WITH TIES
}

// Sort is an expression of ORDER BY or of DISTINCT ON.
type Sort struct {
	// Output is the column of v that it is, from 1; 0 where it is none and SQL,
	// over the columns of v_mrel and of the type Type, says what it is.
	Output int
	SQL    string
	Type   string // as format_type() prints it
	Key    bool   // SQL is a key as it stands
	// Direction is what follows it in ORDER BY: "", "DESC NULLS LAST", ….
	Direction string
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
