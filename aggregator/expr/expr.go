package expr

import (
	"time"

	"github.com/millrace/millrace/aggregator/column"
)

// Env is what an expression's meaning hangs on besides its arguments.
type Env struct {
	// Zone is PostgreSQL's TimeZone setting; nil means UTC.
	Zone *time.Location
}

// Expr is a compiled expression with the memory that it works in. It serves one
// batch after another, never two at a time.
type Expr struct {
	root evaluator
	exec exec
}

// Compile makes an expression ready to run. What is not native is refused with
// a *datum.Error of SQLSTATE 0A000 that names it.
func Compile(env Env, n Node) (*Expr, error) {
	if env.Zone == nil {
		env.Zone = time.UTC
	}
	c := compiler{env: env}
	root, err := c.compile(n)
	if err != nil {
		return nil, err
	}
	return &Expr{root: root}, nil
}

// Eval returns the expression's value at each of the given rows of a batch:
// a vector that is valid at row r for each r in rows without an error in errs,
// which must have been Reset for the batch. The vector belongs to e until its
// next use; a bare column is the batch's own vector, not a copy.
func (e *Expr) Eval(b *column.Batch, rows []int32, errs *RowErrors) *column.Vector {
	e.begin(b, errs)
	return e.root.eval(&e.exec, rows)
}

func (e *Expr) begin(b *column.Batch, errs *RowErrors) {
	e.exec.batch, e.exec.errs = b, errs
	e.exec.turn++
}

// Filter appends to dst the rows for which a boolean expression is TRUE, in
// their order, and returns it; a row with an error in errs is none. dst may be
// rows[:0] of a selection that the caller owns.
func (e *Expr) Filter(b *column.Batch, rows []int32, dst []int32, errs *RowErrors) []int32 {
	e.begin(b, errs)
	return choose(e.root, &e.exec, rows, dst)
}

// exec is what the nodes of one Eval share.
type exec struct {
	batch *column.Batch
	errs  *RowErrors
	turn  uint64 // which Eval this is, for what is evaluated once per Eval
}

// evaluator is a compiled node. eval returns a vector that holds the node's
// value at rows, and NULL at rows that failed; it belongs to the node until its
// next eval.
type evaluator interface {
	eval(x *exec, rows []int32) *column.Vector
}
