package format

import (
	"bytes"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// CodeBadCopy is the SQLSTATE of text that is not of COPY's format.
const CodeBadCopy = "22P04" // bad_copy_file_format

// CopyOptions are COPY's, with its defaults filled in.
type CopyOptions struct {
	CSV       bool
	Delimiter byte
	Null      string
	Quote     byte // CSV alone
	Escape    byte // CSV alone
	Header    Header
	// ForceNull and ForceNotNull are names of columns, or "*" for all.
	ForceNull, ForceNotNull []string
}

// Header says whether a record's first line is a row.
type Header uint8

// The choices.
const (
	NoHeader    Header = iota
	SkipHeader         // the first line is left out
	MatchHeader        // the first line must be the columns' names
)

// Copy decodes records as COPY … FROM reads a file, in its formats text and csv:
// each record is a file of its own, of no line, one or many. Line ends, quoting,
// escapes, NULL and errors are those of PostgreSQL's copyfromparse.c.
//
// The columns are the stream's in their order. A line may end before those that
// were added by ALTER STREAM: these have their defaults. The record is the unit:
// where a line is refused, all are. Values of columns that no view reads are not
// looked at.
//
// One difference: a csv line \. is a row, as it is from PostgreSQL 18 on.
type Copy struct {
	input
	options  CopyOptions
	columns  []copyColumn
	least    int // columns that a line must have
	targets  []target
	defaults []defaulted
	notNull  []int32
	batch    *column.Batch
	records  int64

	null    []byte
	special [256]bool   // bytes that mean something in a line, the delimiter too
	fields  []copyField // of the line at hand
	unquote []byte      // values of it that are not as they stand there
}

// copyColumn is a column of the stream.
type copyColumn struct {
	name         string
	target       int // the first wanted field of it, -1 for none; the others are its twins
	forceNull    bool
	forceNotNull bool
}

var _ Decoder = (*Copy)(nil)

// NewCopy returns a decoder of the wanted fields of a stream with the columns of
// the given names. A line must have the first least of them.
func NewCopy(fields []Field, columns []string, least int, options CopyOptions, env Env) *Copy {
	d := &Copy{input: input{env: env}, options: options, least: least, null: []byte(options.Null)}
	for _, c := range []byte{'\r', '\n', '\\', options.Delimiter, options.Quote, options.Escape} {
		d.special[c] = true
	}
	d.targets, d.notNull = targetsOf(fields)
	d.defaults = d.defaultsOf(d.targets)
	for _, name := range columns {
		c := copyColumn{name: name, target: -1, forceNull: names(options.ForceNull, name), forceNotNull: names(options.ForceNotNull, name)}
		for i := len(fields) - 1; i >= 0; i-- {
			if fields[i].Name == name {
				d.targets[i].twin = c.target
				c.target = i
			}
		}
		d.columns = append(d.columns, c)
	}
	return d
}

func names(list []string, name string) bool {
	for _, n := range list {
		if n == name || n == "*" {
			return true
		}
	}
	return false
}

// Begin implements [Decoder].
func (d *Copy) Begin(b *column.Batch) {
	beginTargets(d.targets, b)
	d.fill(b)
}

func (d *Copy) fill(b *column.Batch) {
	fillTargets(d.targets, b)
	d.batch = b
}

// Seen implements [Decoder].
func (d *Copy) Seen() Seen { return seenOf(d.targets, d.records) }

// Append implements [Decoder].
func (d *Copy) Append(b *column.Batch, value []byte) *datum.Error {
	if b != d.batch {
		d.fill(b)
	}
	start := b.Rows
	if err := d.append(b, value); err != nil {
		takeBackRows(d.targets, b, start)
		return err
	}
	d.records++
	return nil
}

func (d *Copy) append(b *column.Batch, value []byte) *datum.Error {
	if err := textError(value); err != nil {
		return err
	}
	start := b.Rows
	for lines := (copyLines{csv: d.options.CSV, quote: d.options.Quote, escape: d.options.Escape, special: &d.special, rest: value}); ; {
		line, plain, ok, err := lines.next()
		switch {
		case err != nil:
			return inLine(err, lines.number)
		case lines.number <= 1 && d.options.Header == MatchHeader: // an empty record too
			if err := d.matchHeader(line, plain); err != nil {
				return err
			}
		}
		if !ok {
			return nil
		}
		if lines.number == 1 && d.options.Header != NoHeader {
			continue
		}
		if err := room(d.targets, b, start); err != nil {
			return err
		}
		if err := d.row(b.Rows, line, plain); err != nil {
			return inLine(err, lines.number)
		}
		b.Rows++
	}
}

// row decodes a line. A plain one has neither quotes nor escapes.
func (d *Copy) row(row int, line []byte, plain bool) *datum.Error {
	if err := d.split(line, plain); err != nil {
		return err
	}
	if len(d.fields) > len(d.columns) {
		return datum.Errorf(CodeBadCopy, "extra data after last expected column")
	}
	for i := range d.columns {
		c := &d.columns[i]
		if i >= len(d.fields) {
			if i < d.least {
				return datum.Errorf(CodeBadCopy, "missing data for column \"%s\"", c.name)
			}
			break
		}
		f := d.fields[i]
		switch {
		case c.target < 0:
			continue
		case f.null && c.forceNotNull:
			f = copyField{text: d.null}
		case !f.null && c.forceNull && bytes.Equal(f.text, d.null):
			f.null = true
		}
		for t := c.target; t >= 0; t = d.targets[t].twin {
			if err := d.set(t, row, f); err != nil {
				return err
			}
		}
	}
	fillDefaults(d.defaults, d.targets, row)
	return checkNotNull(d.targets, d.notNull, row)
}

// set gives a wanted field the value of a text.
func (d *Copy) set(i, row int, f copyField) *datum.Error {
	t := &d.targets[i]
	if t.null = f.null; f.null {
		return nil
	}
	if err := d.parse(t, t.vec, row, f.text); err != nil {
		placed := *err
		if placed.Detail == "" {
			placed.Detail = "column " + quoted(t.Name)
		} else {
			placed.Detail = "column " + quoted(t.Name) + ": " + placed.Detail
		}
		return &placed
	}
	t.nonNull = true
	return nil
}

func indexByte(v []byte, c byte) int { return bytes.IndexByte(v, c) }
