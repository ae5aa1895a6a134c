package topology

import "fmt"

// AddedNow is StreamColumn.Added of a column in a change: the writer puts the
// change's own revision there.
const AddedNow Revision = -1

// SQLSTATEs of conflicts about columns.
const (
	CodeDuplicateColumn = "42701" // duplicate_column
	CodeNotSupported    = "0A000" // feature_not_supported
)

// NewColumn is a column that ALTER STREAM adds.
type NewColumn struct {
	StreamColumn
	IfNotExists bool
}

// AddColumns adds columns to a stream, behind those that it has. Its views go on
// as they are: they see the columns that there were when they were created.
func (c *Catalog) AddColumns(name string, ifExists bool, columns []NewColumn) ([]*Record, error) {
	r, err := c.toDrop(KindStream, name, ifExists)
	if err != nil && r == nil {
		if has, exists := c.Lookup(name); exists && has.Kind != KindStream {
			return nil, &Conflict{Code: CodeWrongKind, Message: fmt.Sprintf("%q is not a stream", name)}
		}
	}
	if r == nil {
		return nil, err
	}
	s := *r.Stream
	switch {
	case s.Inferred:
		return nil, &Conflict{
			Code: CodeNotSupported, Message: fmt.Sprintf("stream %q was not declared: its columns are those that its views cast", name),
			Hint: "Cast the column where you need it: x::integer.",
		}
	case s.Format == "raw":
		return nil, &Conflict{Code: CodeNotSupported, Message: fmt.Sprintf("stream %q has format raw, which is of one column", name)}
	}
	s.Columns = append([]StreamColumn(nil), s.Columns...)
	for _, add := range columns {
		switch {
		case hasColumn(s.Columns, add.Name) && add.IfNotExists:
			continue
		case hasColumn(s.Columns, add.Name):
			return nil, &Conflict{Code: CodeDuplicateColumn, Message: fmt.Sprintf("column %q of stream %q already exists", add.Name, name)}
		case IsMetadata(add.Name):
			return nil, &Conflict{
				Code: CodeDuplicateColumn, Message: fmt.Sprintf("column name %q conflicts with a metadata column", add.Name),
				Hint: "Views may read the metadata by that name. A column of CREATE STREAM may have it.",
			}
		}
		add.Added = AddedNow
		s.Columns = append(s.Columns, add.StreamColumn)
	}
	if len(s.Columns) == len(r.Stream.Columns) {
		return nil, nil
	}
	return usable(&Record{Kind: KindStream, Name: name, Stream: &s})
}

// Seal puts the revision into what a record of a change says of itself, in copies:
// the change may be asked again.
func (r *Record) Seal(revision Revision) {
	r.Version, r.Revision = RecordVersion, revision
	if r.View != nil && r.View.Created == 0 {
		v := *r.View
		v.Created = revision
		r.View = &v
	}
	if r.Stream == nil {
		return
	}
	s := *r.Stream
	s.Columns = append([]StreamColumn(nil), s.Columns...)
	for i := range s.Columns {
		if s.Columns[i].Added == AddedNow {
			s.Columns[i].Added = revision
		}
	}
	r.Stream = &s
}
