package format

import (
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// value decodes the value at v[i] into the batch's next row of a wanted field and
// of its twins, and returns the place behind it or a fault.
func (d *JSON) value(b *column.Batch, target int, v []byte, i int) int {
	i = skipSpace(v, i)
	end := d.valueOf(target, d.targets[target].vec, b.Rows, v, i)
	for target = d.targets[target].twin; target >= 0 && end >= 0; target = d.targets[target].twin {
		d.valueOf(target, d.targets[target].vec, b.Rows, v, i)
	}
	return end
}

// valueOf decodes the value at v[i] into one wanted field's row.
func (d *JSON) valueOf(target int, vec *column.Vector, row int, v []byte, i int) int {
	if d.refused {
		d.errs[target] = nil
	}
	if i >= len(v) {
		return fault(faultValue, i)
	}
	if d.targets[target].shape != plainShape {
		return d.shaped(target, vec, row, v, i)
	}
	switch c := v[i]; {
	case c == '"':
		end, plain := scanString(v, i+1)
		if end < 0 {
			return end
		}
		text := v[i+1 : end]
		if !plain {
			d.unescape = datum.AppendJSONUnescaped(d.unescape[:0], text)
			text = d.unescape
		}
		d.setText(target, vec, row, text)
		return end + 1
	case c-'0' <= 9 || c == '-':
		return d.number(target, vec, row, v, i)
	case c == 'n':
		end := scanLiteral(v, i)
		d.targets[target].null = true
		setNull(vec, row)
		return end
	}
	end := scanValue(v, i)
	if end >= 0 {
		d.setText(target, vec, row, v[i:end])
	}
	return end
}

// number decodes the number at v[i]. The common ones need no second look; the
// others go through their type's input function as text.
func (d *JSON) number(target int, vec *column.Vector, row int, v []byte, i int) int {
	t := &d.targets[target]
	switch t.Type {
	case datum.Int2, datum.Int4, datum.Int8:
		if x, end := shortInt(v, i); end > 0 && fits(x, t.Type) {
			vec.SetInt(row, x)
			t.nonNull = true
			return end
		}
	case datum.Float4, datum.Float8:
		if x, end := shortFloat(v, i); end > 0 && (t.Type == datum.Float8 || narrows(x)) {
			if t.Type == datum.Float4 {
				x = float64(float32(x))
			}
			vec.SetFloat(row, x)
			t.nonNull = true
			return end
		}
	}
	end := scanNumber(v, i)
	if end >= 0 {
		d.setText(target, vec, row, v[i:end])
	}
	return end
}

// setText gives a row the value that the type's input function reads from a text.
func (d *JSON) setText(target int, vec *column.Vector, row int, text []byte) {
	t := &d.targets[target]
	if err := d.parse(t, vec, row, text); err != nil {
		d.refuse(target, vec, row, err)
		return
	}
	t.nonNull = true
}

// refuse makes a row NULL whose value its type refuses.
func (d *JSON) refuse(target int, vec *column.Vector, row int, err *datum.Error) {
	setNull(vec, row)
	if name := "field " + quoted(d.targets[target].Name); err.Detail == "" {
		err.Detail = name
	} else {
		err.Detail = name + ": " + err.Detail
	}
	d.errs[target], d.refused = err, true
}

// quoted puts a name into double quotes as PostgreSQL's messages do.
func quoted(name string) string { return `"` + name + `"` }

// parse is the input function of a field's type with its typmod.
func (d *input) parse(t *target, vec *column.Vector, row int, text []byte) *datum.Error {
	var x int64
	var err *datum.Error
	switch t.Type {
	case datum.Text:
		if t.Typmod >= 0 {
			if text, err = datum.FitVarchar(text, t.Typmod); err != nil {
				return err
			}
		}
		setBytes(vec, row, text)
		return nil
	case datum.Bool:
		var truth bool
		if truth, err = datum.ParseBool(text); err == nil {
			vec.SetBool(row, truth)
		}
		return err
	case datum.Float4, datum.Float8:
		var f float64
		if f, err = datum.ParseFloat(text, t.Type); err == nil {
			vec.SetFloat(row, f)
		}
		return err
	case datum.Numeric:
		return setNumeric(t.Typmod, vec, row, text)
	case datum.Interval:
		var span datum.Span
		if span, err = datum.ParseInterval(text); err == nil {
			vec.SetSpan(row, datum.FitInterval(span, t.Typmod))
		}
		return err
	case datum.Date:
		if x, err = d.dates.date(text); err == nil {
			vec.SetInt(row, x)
		}
		return err
	case datum.Timestamp, datum.TimestampTZ:
		if x, err = d.dates.timestamp(text, t.Type, d.env.Zone); err == nil {
			vec.SetInt(row, datum.FitTimestamp(x, t.Typmod))
		}
		return err
	case datum.Time:
		if x, err = datum.ParseTime(text); err == nil {
			vec.SetInt(row, datum.FitMicros(x, t.Typmod))
		}
		return err
	}
	if t.Type.Physical() == datum.PhysBytes {
		return d.readBytes(t, vec, row, text)
	}
	if x, err = datum.ParseInt(text, t.Type); err == nil {
		vec.SetInt(row, x)
	}
	return err
}

// setNull makes a row NULL that may have a value: the arena's last one.
func setNull(vec *column.Vector, row int) {
	if vec.IsNull(row) {
		return
	}
	if vec.Type.Physical() == datum.PhysBytes {
		vec.Arena = vec.Arena[:vec.Slices[row].Off]
	}
	vec.SetNull(row)
}

// setBytes gives a row a copy of x in the place of a value it may have.
func setBytes(vec *column.Vector, row int, x []byte) {
	setNull(vec, row)
	vec.SetBytes(row, x)
}

// readBytes gives a row the value that the type's input function reads from a text.
func (d *input) readBytes(t *target, vec *column.Vector, row int, text []byte) *datum.Error {
	setNull(vec, row)
	start := len(vec.Arena)
	var err *datum.Error
	if vec.Arena, err = t.reader(d.env.Zone).Append(vec.Arena, text); err != nil {
		vec.Arena = vec.Arena[:start]
		return err
	}
	endBytes(vec, row, start)
	return nil
}

// endBytes gives a row the bytes of the arena from start on.
func endBytes(vec *column.Vector, row, start int) {
	vec.Slices[row] = column.Slice{Off: uint32(start), Len: uint32(len(vec.Arena) - start)}
	vec.Valid.Set(row)
}

// reader returns the type's input function, made at its first use.
func (t *target) reader(zone *time.Location) *datum.Input {
	if t.in == nil {
		t.in = &datum.Input{Type: t.Type, Typmod: t.Typmod, Zone: zone}
		if t.Enum != nil {
			t.in.Enum, t.in.Labels = t.Enum.Name, t.Enum.Labels
		}
	}
	return t.in
}
