package topology

import (
	"errors"
	"fmt"
)

// ErrViewDropped occurs where something is to be done for a view that the catalog
// no longer has.
var ErrViewDropped = errors.New("the continuous view was dropped")

// Conflict is why the catalog refuses a change, in PostgreSQL's words, ready to
// be shown to whoever wrote the statement.
type Conflict struct {
	Code    string // SQLSTATE
	Message string
	Detail  string
	Hint    string
}

// Error returns the message with its SQLSTATE.
func (c *Conflict) Error() string { return fmt.Sprintf("%s (SQLSTATE %s)", c.Message, c.Code) }

// The SQLSTATEs of conflicts, by their names in PostgreSQL's errcodes.txt.
const (
	CodeDuplicate = "42P07" // duplicate_table
	CodeUndefined = "42P01" // undefined_table
	CodeDependent = "2BP01" // dependent_objects_still_exist
	CodeWrongKind = "42809" // wrong_object_type
	CodeInUse     = "55006" // object_in_use
	CodeNewer     = "55000" // object_not_in_prerequisite_state
)

func duplicate(name string) *Conflict {
	return &Conflict{
		Code: CodeDuplicate, Message: fmt.Sprintf("relation %q already exists", name),
		Hint: "Choose another name, drop it first, or say IF NOT EXISTS.",
	}
}

func newer(name string) *Conflict {
	return &Conflict{
		Code: CodeNewer, Message: fmt.Sprintf("relation %q was defined by a newer version of millrace", name),
		Hint: "Use that version, or a newer one, to change it.",
	}
}

func undefined(k Kind, name string) *Conflict {
	return &Conflict{Code: CodeUndefined, Message: fmt.Sprintf("%s %q does not exist", k.Noun(), name)}
}

func wrongKind(r *Record, want Kind) *Conflict {
	return &Conflict{
		Code: CodeWrongKind, Message: fmt.Sprintf("%q is not a %s", r.Name, want.Noun()),
		Hint: fmt.Sprintf("Use %s to remove a %s.", r.Kind.dropStatement(), r.Kind.Noun()),
	}
}

// Noun returns what a person calls the kind.
func (k Kind) Noun() string {
	if k == KindView {
		return "continuous view"
	}
	return string(k)
}

func (k Kind) dropStatement() string {
	if k == KindView {
		return "DROP CONTINUOUS VIEW"
	}
	return "DROP STREAM"
}

func topicTaken(s, by *Stream) *Conflict {
	return &Conflict{
		Code:    CodeInUse,
		Message: fmt.Sprintf("topic %q is read by stream %q", s.Topic, by.Name),
		Hint:    fmt.Sprintf("A topic has one stream: create the views over %q, or drop it first.", by.Name),
	}
}
