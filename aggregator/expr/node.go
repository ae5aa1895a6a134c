package expr

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// Node is an expression as PostgreSQL analysed it: every operator, cast and
// function is resolved to a pg_proc OID, every implicit cast is explicit.
type Node interface {
	// Type is the type of the node's value.
	Type() datum.Type
}

// Column is a column of the stream.
type Column struct {
	Index int // place in column.Batch.Columns
	Name  string
	Of    datum.Type
}

// Const is a literal: row 0 of a vector of one row.
type Const struct{ Value *column.Vector }

// Call is a function, operator or cast, by its pg_proc OID. Builtin OIDs are
// the same in every PostgreSQL version.
type Call struct {
	Proc uint32
	Name string // pg_proc.proname, for messages
	Args []Node
	Of   datum.Type
}

// Coerce is a relabelling without a change of value, such as varchar to text,
// or a cast through the types' text forms (CoerceViaIO) where ViaIO is set.
type Coerce struct {
	Arg   Node
	Of    datum.Type
	ViaIO bool
}

// Logic is AND, OR or NOT in three-valued logic. AND and OR evaluate an
// argument only for the rows that the arguments before it left open.
type Logic struct {
	Op   LogicOp
	Args []Node
}

// LogicOp is the operator of a Logic node.
type LogicOp uint8

// The logical operators.
const (
	And LogicOp = iota
	Or
	Not
)

// Case is CASE WHEN … THEN … ELSE …. PostgreSQL's simple form (CASE x WHEN y)
// arrives with its comparisons written out. Else is never nil (a NULL Const).
type Case struct {
	Whens []When
	Else  Node
	Of    datum.Type
}

// When is one branch of a Case.
type When struct{ Cond, Then Node }

// Coalesce is the first argument that is not NULL; later ones are evaluated
// only for the rows that need them.
type Coalesce struct {
	Args []Node
	Of   datum.Type
}

// NullIf is NULLIF(a, b); Equal is the call of the equality operator on (a, b).
type NullIf struct {
	Arg   Node
	Equal Node
	Of    datum.Type
}

// Greatest is GREATEST or LEAST. NULL arguments are ignored.
type Greatest struct {
	Least bool
	Args  []Node
	Of    datum.Type
}

// Test is x IS [NOT] NULL | TRUE | FALSE | UNKNOWN. It is never NULL.
type Test struct {
	Kind TestKind
	Arg  Node
}

// TestKind is what a Test tests for.
type TestKind uint8

// The tests.
const (
	IsNull TestKind = iota
	IsNotNull
	IsTrue
	IsNotTrue
	IsFalse
	IsNotFalse
	IsUnknown
	IsNotUnknown
)

// Distinct is a IS DISTINCT FROM b; Equal is the call of the equality operator.
// IS NOT DISTINCT FROM arrives as its negation by Logic.
type Distinct struct {
	Left, Right Node
	Equal       Node
}

// In is x IN (…) or x = ANY (ARRAY[…]) over a list of elements, and their
// negation x NOT IN (…): Equal holds one comparison per element.
type In struct {
	Equal []Node
	Not   bool
}

// Type returns the column's type.
func (n *Column) Type() datum.Type { return n.Of }

// Type returns the literal's type.
func (n *Const) Type() datum.Type { return n.Value.Type }

// Type returns the function's result type.
func (n *Call) Type() datum.Type { return n.Of }

// Type returns the type coerced to.
func (n *Coerce) Type() datum.Type { return n.Of }

// Type returns Bool.
func (n *Logic) Type() datum.Type { return datum.Bool }

// Type returns the branches' common type.
func (n *Case) Type() datum.Type { return n.Of }

// Type returns the arguments' common type.
func (n *Coalesce) Type() datum.Type { return n.Of }

// Type returns the first argument's type.
func (n *NullIf) Type() datum.Type { return n.Of }

// Type returns the arguments' common type.
func (n *Greatest) Type() datum.Type { return n.Of }

// Type returns Bool.
func (n *Test) Type() datum.Type { return datum.Bool }

// Type returns Bool.
func (n *Distinct) Type() datum.Type { return datum.Bool }

// Type returns Bool.
func (n *In) Type() datum.Type { return datum.Bool }

// Subscript is an element of an array, a[i] or a[i][j], the subscripts integers.
type Subscript struct {
	Array Node
	At    []Node
	Of    datum.Type
}

// MakeArray is ARRAY[…] of values of one type; Of is the array's type.
type MakeArray struct {
	Args []Node
	Of   datum.Type
}

// AnyOf is x op ANY (array), or ALL where All is set, over an array that is a
// value; Proc is the comparison's function. Over a list of elements it is an [In].
type AnyOf struct {
	Arg   Node
	Array Node
	Proc  uint32
	Name  string
	All   bool
}

// Type returns the element's type.
func (n *Subscript) Type() datum.Type { return n.Of }

// Type returns the array's type.
func (n *MakeArray) Type() datum.Type { return n.Of }

// Type returns Bool.
func (n *AnyOf) Type() datum.Type { return datum.Bool }

// ArrayCast casts an array's elements one by one: Each is the cast over the
// element, which is its column 0. It has no columns of the stream.
type ArrayCast struct {
	Arg  Node
	Each Node
	Of   datum.Type
}

// Type returns the array's type.
func (n *ArrayCast) Type() datum.Type { return n.Of }
