package format

import (
	"slices"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// MaxDepth is how deep the objects and arrays of a record may nest.
const MaxDepth = 1000

// JSON decodes records that are JSON objects; see the package comment.
//
// It walks over a record's bytes once. Behind each value it first compares the
// bytes with those up to the next value the last time (see [step]), which is all
// the work for most keys; a wanted field's value goes from the record straight
// into its vector, every other value is only checked.
type JSON struct {
	targets []target
	batch   *column.Batch // whose columns are the targets' vectors
	input
	keys    *keys
	records int64
	notNull []int32 // targets
	// defaults are the targets with a default value, each of which is the one row
	// of a vector.
	defaults []defaulted

	// Scratch: the last string that had escapes, the last that was quoted anew, the
	// elements of the last array.
	unescape, quote, elements []byte

	// errs are the values that their types refused, by target, nil for none.
	// They are kept to the end of the record because a later duplicate of the
	// key replaces the value, and because a record that is no JSON is just that.
	errs    []*datum.Error
	refused bool // some are not nil
}

// input is what the types' input functions need besides the text.
type input struct {
	env   Env
	dates dateCache
}

// target is one wanted field.
type target struct {
	Field
	nonNull bool // some record had a value
	null    bool // the record at hand says null, or did
	twin    int  // the next field of the same name, -1 for none
	quick   quick
	shape   shape
	in      *datum.Input   // of types kept as bytes, made at its first use
	vec     *column.Vector // its column of the batch
}

var _ Decoder = (*JSON)(nil)

// NewJSON returns a decoder of the wanted fields, whose columns are distinct.
// Fields of one name and different types get the same value each, as the views
// of an inferred stream may ask for.
func NewJSON(fields []Field, env Env) *JSON {
	d := &JSON{input: input{env: env}, targets: make([]target, len(fields)), errs: make([]*datum.Error, len(fields))}
	for i, f := range fields {
		d.targets[i] = target{Field: f, twin: -1}
		for before := range i {
			if d.targets[before].Name == f.Name && d.targets[before].twin < 0 {
				d.targets[before].twin = i
				break
			}
		}
		if f.NotNull {
			d.notNull = append(d.notNull, int32(i))
		}
	}
	d.defaults = d.defaultsOf(d.targets)
	for i := range d.targets {
		d.targets[i].quick, d.targets[i].shape = quickFor(&d.targets[i]), shapeOf(d.targets[i].Type)
	}
	d.keys = newKeys(d.targets)
	return d
}

// Begin implements [Decoder].
func (d *JSON) Begin(b *column.Batch) {
	beginTargets(d.targets, b)
	d.fill(b)
}

// beginTargets is Begin for the wanted fields.
func beginTargets(targets []target, b *column.Batch) {
	b.Rows = 0
	for i := range targets {
		beginColumn(b, targets[i].Column, targets[i].Type)
	}
}

// beginColumn makes a column of a batch one of a type, with room for a batch's rows.
func beginColumn(b *column.Batch, at int, of datum.Type) {
	for len(b.Columns) <= at {
		b.Columns = append(b.Columns, nil)
	}
	if b.Columns[at] == nil {
		b.Columns[at] = column.New(of)
	}
	b.Columns[at].ResetAs(of)
	b.Columns[at].Resize(column.BatchRows)
}

// fill makes a batch the one that values go into.
func (d *JSON) fill(b *column.Batch) {
	d.batch = b
	for i := range d.targets {
		d.targets[i].vec = b.Columns[d.targets[i].Column]
	}
}

// Seen implements [Decoder].
func (d *JSON) Seen() Seen {
	s := Seen{Records: d.records, NonNull: make([]bool, len(d.targets)), Others: slices.Clone(d.keys.others)}
	for i := range d.targets {
		s.NonNull[i] = d.targets[i].nonNull
	}
	return s
}

// Append implements [Decoder].
func (d *JSON) Append(b *column.Batch, value []byte) *datum.Error {
	if b != d.batch {
		d.fill(b)
	}
	end := d.object(b, value)
	var err *datum.Error
	switch {
	case end < 0:
		err = faultError(value, end)
	case end == 0:
		err = notObject(value)
	case d.refused:
		err = d.firstRefused()
	}
	if d.defaults != nil {
		fillDefaults(d.defaults, d.targets, b.Rows)
	}
	if err == nil && d.notNull != nil {
		err = checkNotNull(d.targets, d.notNull, b.Rows)
	}
	if err != nil || d.refused {
		d.refused = false
		clear(d.errs)
	}
	if err != nil {
		d.takeBack(b)
		return err
	}
	d.records++
	b.Rows++
	return nil
}

// notObject is the error for a record that does not begin as an object.
func notObject(v []byte) *datum.Error {
	if err := encodingError(v); err != nil {
		return err
	}
	err := datum.Errorf(datum.CodeInvalidText, "expected a JSON object")
	err.Hint = `A record of a JSON stream is one object, such as {"column": 1}.`
	if len(v) == 0 {
		err.Message = "empty record"
		err.Hint += " A record without a value is a tombstone: compacted topics have them."
	}
	return err
}

// firstRefused returns the first error of a value in the order of the fields,
// nil if later duplicates replaced all that were refused.
func (d *JSON) firstRefused() *datum.Error {
	for _, err := range d.errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// takeBack makes the row that was being filled NULL again.
func (d *JSON) takeBack(b *column.Batch) {
	for i := range d.targets {
		setNull(b.Columns[d.targets[i].Column], b.Rows)
	}
}
