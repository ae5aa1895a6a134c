package format

import (
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// Raw gives a record's value as it is to one column, of type bytea, text or
// varchar. A record without a value (a tombstone) is NULL, or the default.
type Raw struct {
	input
	targets  []target
	defaults []defaulted
	notNull  []int32
	batch    *column.Batch
	records  int64
}

var _ Decoder = (*Raw)(nil)

// NewRaw returns a decoder of the wanted fields, which are one column.
func NewRaw(fields []Field, env Env) *Raw {
	d := &Raw{input: input{env: env}}
	d.targets, d.notNull = targetsOf(fields)
	d.defaults = d.defaultsOf(d.targets)
	return d
}

// targetsOf returns the wanted fields, and which of them are NOT NULL.
func targetsOf(fields []Field) (targets []target, notNull []int32) {
	targets = make([]target, len(fields))
	for i, f := range fields {
		targets[i] = target{Field: f, twin: -1}
		if f.NotNull {
			notNull = append(notNull, int32(i))
		}
	}
	return targets, notNull
}

// fillTargets makes a batch the one that values go into.
func fillTargets(targets []target, b *column.Batch) {
	for i := range targets {
		targets[i].vec = b.Columns[targets[i].Column]
	}
}

// seenOf is Seen for decoders that know no other fields than the declared ones.
func seenOf(targets []target, records int64) Seen {
	s := Seen{Records: records, NonNull: make([]bool, len(targets))}
	for i := range targets {
		s.NonNull[i] = targets[i].nonNull
	}
	return s
}

// Begin implements [Decoder].
func (d *Raw) Begin(b *column.Batch) {
	beginTargets(d.targets, b)
	fillTargets(d.targets, b)
	d.batch = b
}

// Seen implements [Decoder].
func (d *Raw) Seen() Seen { return seenOf(d.targets, d.records) }

// Append implements [Decoder].
func (d *Raw) Append(b *column.Batch, value []byte) *datum.Error {
	if b != d.batch {
		fillTargets(d.targets, b)
		d.batch = b
	}
	err := d.row(b.Rows, value)
	if err != nil {
		takeBackRows(d.targets, b, b.Rows)
		return err
	}
	d.records++
	b.Rows++
	return nil
}

func (d *Raw) row(row int, value []byte) *datum.Error {
	for i := range d.targets {
		t := &d.targets[i]
		switch {
		case value == nil:
			continue
		case t.Type == datum.Bytea:
			t.vec.SetBytes(row, value)
		default:
			if err := textError(value); err != nil {
				return err
			}
			if err := d.parse(t, t.vec, row, value); err != nil {
				return err
			}
		}
		t.nonNull = true
	}
	fillDefaults(d.defaults, d.targets, row)
	return checkNotNull(d.targets, d.notNull, row)
}

// textError refuses bytes that are no text of PostgreSQL's: no UTF-8, or with NUL.
func textError(v []byte) *datum.Error {
	if utf8.Valid(v) && indexByte(v, 0) < 0 {
		return nil
	}
	return encodingError(v)
}
