package query

import "github.com/millrace/millrace/aggregator/datum"

// Analysis is what PostgreSQL said about a SELECT: its analysed tree and the
// names of everything that the tree refers to by OID. It is stored in the
// catalog as JSON, so that any node builds the same [Plan] at any time without
// asking PostgreSQL again.
type Analysis struct {
	// Select is the text, Offset the characters before it in the statement
	// that it came from: positions in errors count from the statement's start.
	Select string `json:"select"`
	Offset int    `json:"offset,omitempty"`
	// Stream is the relation in FROM, Relation its OID in the tree. Columns
	// are its columns' names by attribute number, from 1.
	Stream   string   `json:"stream"`
	Relation uint32   `json:"relation"`
	Columns  []string `json:"columns"`
	// Tree is pg_rewrite.ev_action of a view of the SELECT.
	Tree          string         `json:"tree"`
	ServerVersion int            `json:"server_version"` // server_version_num
	Outputs       []OutputColumn `json:"outputs"`
	// Procs, Operators, Types and Collations hold every OID in the tree.
	Procs      map[uint32]Proc     `json:"procs,omitempty"`
	Operators  map[uint32]Operator `json:"operators,omitempty"`
	Types      map[uint32]string   `json:"types,omitempty"`      // as format_type() prints them
	Collations map[uint32]string   `json:"collations,omitempty"` // pg_collation.collname
	// Nondeterministic are those collations by which different texts are equal.
	Nondeterministic []uint32 `json:"nondeterministic,omitempty"`
	// Kinds say more of those types that are not the same in every database.
	Kinds map[uint32]TypeKind `json:"kinds,omitempty"`
	// TimeZone is the database's setting at CREATE; Settings are all that the
	// meaning of text forms and names hangs on, TimeZone included.
	TimeZone string    `json:"time_zone"`
	Settings []Setting `json:"settings,omitempty"`
	// Fragments are what only PostgreSQL can write of the output.
	Fragments []Fragment `json:"fragments,omitempty"`
	// Program is the row program, nil where all is native.
	Program *Program `json:"program,omitempty"`
}

// OutputColumn is a column of the SELECT's result.
type OutputColumn struct {
	Name   string `json:"name"`
	OID    uint32 `json:"oid"` // of its type
	Typmod int32  `json:"typmod"`
	Type   string `json:"type"` // as format_type() prints it
}

// Proc is a function in pg_proc.
type Proc struct {
	Schema   string   `json:"schema"`
	Name     string   `json:"name"`
	Args     []string `json:"args"`     // as format_type() prints them
	Kind     string   `json:"kind"`     // prokind: f, a (aggregate), w, p
	Volatile string   `json:"volatile"` // provolatile: i, s, v
	Set      bool     `json:"set,omitempty"`
}

// Operator is an operator in pg_operator.
type Operator struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
}

// Schema are a stream's columns in the order of column.Batch.Columns.
type Schema []SchemaColumn

// SchemaColumn is a column of a stream.
type SchemaColumn struct {
	Name    string
	Type    datum.Type
	Typmod  int32 // pg_attribute.atttypmod, -1 for none
	NotNull bool
	// Metadata marks a column of [topology.MetadataColumns], which is no field of
	// the record's value.
	Metadata bool
}
