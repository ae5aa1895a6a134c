package query

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// Remote is a plan's row program: one statement with which PostgreSQL evaluates,
// for a whole batch of rows, what the native evaluator lacks and what looks into
// tables. A plan without one is wholly native.
//
// With it the view does not work on the stream's batch but on the derived batch,
// which has a row for each row that the program returns. Its column i is, below
// the length of the schema given to [Build], the stream's column i of the row
// with that number (only Gather's are read); its column length+k is Results[k].
// [Plan.Filter] is nil then: the program has applied WHERE.
type Remote struct {
	// SQL is the statement: one SELECT, whose names are all qualified. Its
	// parameter k+1 is an array of Parameters[k] with an element for each row
	// that is sent, all of one length. Its first result column, an integer, is
	// the number of the row in those arrays from 1; the Results follow. Rows
	// come back in any order.
	SQL string
	// Inputs are the places in the stream's schema of the columns that are
	// sent, ascending; Parameters are the types of their arrays' elements: the
	// column's own type, or Text for what travels in its text form (arrays,
	// enums and types that Millrace does not know), which SQL casts. There is
	// always at least one, as the arrays say how many rows there are.
	Inputs     []int
	Parameters []datum.Type
	// Before is what a row of the stream must meet, natively, to be sent at
	// all: the native conditions of WHERE. Nil sends every row. A row that
	// fails in it is in error, as in a native plan.
	Before expr.Node
	// Results are the columns behind the row's number.
	Results []RemoteResult
	// Gather are the places in the stream's schema of the columns that keys,
	// arguments and filters read from the derived batch natively, ascending.
	Gather []int
	// Settings are those that the values hang on, as they were at CREATE; each
	// is to be set in the session before the statement is prepared.
	Settings []Setting
	// Expands reports that a row may come back not at all or several times
	// (WHERE, joins, set-returning functions). Where it is false, each row that
	// was sent comes back just once.
	Expands bool
}

// RemoteResult is a column that the row program returns.
type RemoteResult struct {
	// Type is the native type: how the values are kept in vectors.
	Type datum.Type
	// OID is the type's in the target database, as the statement's description
	// has it. SQLType is its qualified name, as format_type() prints it with an
	// empty search_path.
	OID     uint32
	SQLType string
	// Text is what the user wrote, for people.
	Text string
}

// Setting is a setting of PostgreSQL's and its value.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// describe prints what is sent and what comes back. The statement itself is left
// out: versions of PostgreSQL print it differently.
func (r *Remote) describe(line func(format string, args ...any)) {
	sent := make([]string, len(r.Parameters))
	for i, p := range r.Parameters {
		sent[i] = p.String()
	}
	rows := "each row once"
	if r.Expands {
		rows = "any number of rows"
	}
	line("by PostgreSQL: %s from (%s)", rows, strings.Join(sent, ", "))
	if r.Before != nil {
		line("before it %s", describe(r.Before))
	}
	for _, result := range r.Results {
		line("result %s = %s", result.SQLType, result.Text)
	}
}
