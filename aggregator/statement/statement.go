package statement

import "github.com/millrace/millrace/aggregator/datum"

// Statement is one of the statements below, by pointer.
type Statement interface{ statement() }

// Ref is a name and the place where it stands.
type Ref struct {
	Schema string // "" where the name is not qualified
	Name   string
	Pos    int // 1-based, in characters
}

// Option is the value of a parameter in WITH (…) or OPTIONS (…).
type Option struct {
	Value string // unquoted
	Pos   int    // of the parameter's name
}

// ColumnDef is a column of a stream.
type ColumnDef struct {
	Name     string
	TypeText string // SQL, as written: "numeric(10,2)", "double precision"
	NotNull  bool
	Default  string // SQL: the expression behind DEFAULT, "" for none
	Pos      int    // of the name
	TypePos  int    // of TypeText
	// DefaultPos is that of Default.
	DefaultPos int
}

// Like is LIKE other in a stream's list of columns.
type Like struct {
	Ref
	// At is how many of CreateStream.Columns stand before it.
	At int
	// Defaults says that the default values come along.
	Defaults bool
}

// CreateStream is CREATE STREAM, or CREATE FOREIGN TABLE … SERVER pipelinedb.
// Its options are checked: known names, values in their sets.
type CreateStream struct {
	Name        string
	NamePos     int
	IfNotExists bool
	Columns     []ColumnDef
	Like        []Like
	Options     map[string]Option
}

// AlterStream is ALTER STREAM s ADD COLUMN …, or ALTER FOREIGN TABLE (Foreign),
// which is Millrace's if its name is a stream.
type AlterStream struct {
	Ref
	IfExists bool
	Foreign  bool
	Add      []AddColumn
}

// AddColumn is ADD COLUMN of an ALTER STREAM.
type AddColumn struct {
	ColumnDef
	IfNotExists bool
}

// Spelling is how a view was written.
type Spelling uint8

// The spellings of a view.
const (
	// SpellingContinuous is CREATE CONTINUOUS VIEW: Millrace's in any case.
	SpellingContinuous Spelling = iota
	// SpellingAction is CREATE VIEW v WITH (action=materialize): likewise.
	SpellingAction
	// SpellingPlain is CREATE VIEW v AS …: Millrace's if its FROM names a
	// stream (see [StreamNames]), else PostgreSQL's.
	SpellingPlain
)

// CreateView is CREATE CONTINUOUS VIEW in one of its spellings. The options'
// names are the canonical ones (num_shards, also where shards was written).
type CreateView struct {
	Name        string
	NamePos     int
	Spelling    Spelling
	IfNotExists bool
	// OrReplace is set only for SpellingPlain: the others are not built.
	OrReplace bool
	Options   map[string]Option
	Select    string // from its first token to the statement's last
	SelectPos int    // 1-based character position of Select in the statement
}

// DropStream is DROP STREAM, or DROP FOREIGN TABLE (Foreign), which is
// Millrace's if its names are streams.
type DropStream struct {
	Names    []Ref
	IfExists bool
	Cascade  bool
	Foreign  bool
}

// DropView is DROP CONTINUOUS VIEW (Continuous), or DROP VIEW, which is
// Millrace's if its names are continuous views.
type DropView struct {
	Names      []Ref
	IfExists   bool
	Cascade    bool
	Continuous bool
}

// ExplainView is EXPLAIN CONTINUOUS VIEW v, or EXPLAIN before a CREATE of one
// (Create), which is then not carried out.
type ExplainView struct {
	Ref
	Create *CreateView
}

// FlushCall is SELECT pipelinedb.flush().
type FlushCall struct{}

// Postgres is any other statement: the target database carries it out as it is.
type Postgres struct{}

// NotBuilt is a statement of the language that Millrace does not carry out yet.
// [Parse] returns Err as its error too.
type NotBuilt struct {
	Construct string
	Err       *datum.Error
}

func (*CreateStream) statement() {}
func (*AlterStream) statement()  {}
func (*CreateView) statement()   {}
func (*DropStream) statement()   {}
func (*DropView) statement()     {}
func (*ExplainView) statement()  {}
func (*FlushCall) statement()    {}
func (*Postgres) statement()     {}
func (*NotBuilt) statement()     {}
