package format

import (
	"strconv"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// arrayReader makes an array of a JSON array as populate_array does: the first value
// that is no array says how many dimensions there are, and where sub-arrays lie
// deeper, they are elements.
type arrayReader struct {
	d     *JSON
	t     *target
	v     []byte // one JSON array, checked
	i     int
	dims  int // 0 so far
	sizes [datum.MaxDimensions]int32
	known [datum.MaxDimensions]int32 // the lengths, 0 so far
	seen  [datum.MaxDimensions]bool
	to    datum.ArrayBuilder // elements alone
}

// array gives a row the array that a JSON array means.
func (d *JSON) array(t *target, vec *column.Vector, row int, value []byte) *datum.Error {
	r := arrayReader{d: d, t: t, v: value, to: datum.ArrayBuilder{Bytes: d.elements[:0]}}
	err := r.read(1)
	d.elements = r.to.Bytes
	if err != nil {
		return err
	}
	if r.dims == 0 {
		r.dims = 1
	}
	if err := r.endDimension(0); err != nil {
		return err
	}
	lowers := [datum.MaxDimensions]int32{1, 1, 1, 1, 1, 1}
	dims := r.dims
	if len(r.to.Bytes) == 0 {
		dims = 0
	}
	setNull(vec, row)
	start := len(vec.Arena)
	var whole datum.ArrayBuilder
	whole.Begin(vec.Arena, r.known[:dims], lowers[:dims])
	vec.Arena = append(whole.Bytes, r.to.Bytes...)
	endBytes(vec, row, start)
	return nil
}

// read reads the array at v[i], whose elements are so deep.
func (r *arrayReader) read(level int) *datum.Error {
	r.i = skipSpace(r.v, r.i+1)
	if r.v[r.i] == ']' {
		r.i++
		return nil
	}
	for {
		if err := r.value(level); err != nil {
			return err
		}
		r.i = skipSpace(r.v, r.i)
		r.i++
		if r.v[r.i-1] == ']' {
			return nil
		}
		r.i = skipSpace(r.v, r.i)
	}
}

// value reads a value at a level.
func (r *arrayReader) value(level int) *datum.Error {
	if r.v[r.i] == '[' && (r.dims == 0 || level < r.dims) {
		if err := r.read(level + 1); err != nil {
			return err
		}
		if r.dims == 0 {
			if err := r.setDimensions(level + 1); err != nil {
				return err
			}
		}
		return r.endDimension(level)
	}
	if r.dims == 0 {
		if err := r.setDimensions(level); err != nil {
			if own := r.element(r.v[r.i:scanValue(r.v, r.i)]); own != nil {
				return own
			}
			return err
		}
	}
	if level < r.dims {
		place := ""
		for _, size := range r.sizes[:level] {
			place += "[" + strconv.Itoa(int(size)) + "]"
		}
		return errNoArray(r.t.Name, place)
	}
	from := r.i
	r.i = scanValue(r.v, from)
	r.sizes[level-1]++
	return r.element(r.v[from:r.i])
}

func (r *arrayReader) setDimensions(n int) *datum.Error {
	if n > datum.MaxDimensions {
		return datum.Errorf(datum.CodeProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, datum.MaxDimensions)
	}
	r.dims = n
	return nil
}

// endDimension is behind an array that is so deep: its length is that of the others.
func (r *arrayReader) endDimension(level int) *datum.Error {
	size := r.sizes[level]
	if !r.seen[level] {
		r.seen[level], r.known[level] = true, size
	} else if r.known[level] != size {
		err := datum.Errorf(datum.CodeInvalidText, "malformed JSON array")
		err.Detail = "Multidimensional arrays must have sub-arrays with matching dimensions."
		return err
	}
	r.sizes[level] = 0
	if level > 0 {
		r.sizes[level-1]++
	}
	return nil
}

// element adds a value.
func (r *arrayReader) element(value []byte) (err *datum.Error) {
	switch elem := r.t.Type.Elem(); {
	case value[0] == 'n':
		r.to.Null()
		return nil
	case elem == datum.JSON || elem == datum.JSONB:
		value = r.d.requoted(value)
	case value[0] == '"':
		value = r.d.inside(value)
	}
	return r.to.Read(r.t.reader(r.d.env.Zone), value)
}

// errNoArray is the error of a value that is no array where one is needed.
func errNoArray(field, place string) *datum.Error {
	err := datum.Errorf(datum.CodeInvalidText, "expected JSON array")
	err.Hint = "See the value of key " + quoted(field) + "."
	if place != "" {
		err.Hint = "See the array element " + place + " of key " + quoted(field) + "."
	}
	return err
}
