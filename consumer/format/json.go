package format

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// MaxDepth is how deep the objects and arrays of a record may nest.
const MaxDepth = 1000

// JSON decodes records that are JSON objects; see the package comment.
type JSON struct {
	fields []Field
	env    Env
}

var _ Decoder = (*JSON)(nil)

// NewJSON returns a decoder of the wanted fields. It keeps the slice.
func NewJSON(fields []Field, env Env) *JSON { return &JSON{fields: fields, env: env} }

// Begin implements [Decoder].
func (d *JSON) Begin(b *column.Batch) {
	b.Rows = 0
	for i := range d.fields {
		f := &d.fields[i]
		for len(b.Columns) <= f.Column {
			b.Columns = append(b.Columns, nil)
		}
		v := b.Columns[f.Column]
		if v == nil {
			v = column.New(f.Type)
			b.Columns[f.Column] = v
		}
		v.ResetAs(f.Type)
		v.Resize(column.BatchRows)
	}
}

// Append implements [Decoder].
func (d *JSON) Append(b *column.Batch, value []byte) *datum.Error {
	return datum.Errorf(datum.CodeFeatureNotSupported, "the JSON decoder is not built yet")
}

// Seen implements [Decoder].
func (d *JSON) Seen() Seen { return Seen{NonNull: make([]bool, len(d.fields))} }
