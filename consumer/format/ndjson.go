package format

import (
	"bytes"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// NDJSON decodes records of lines, each of which is a JSON object and a row; lines
// of nothing but white space are none. The record is the unit: where a line is
// refused, all are.
type NDJSON struct {
	*JSON
	records int64
}

var _ Decoder = (*NDJSON)(nil)

// NewNDJSON returns a decoder of the wanted fields; see [NewJSON].
func NewNDJSON(fields []Field, env Env) *NDJSON { return &NDJSON{JSON: NewJSON(fields, env)} }

// Append implements [Decoder].
func (d *NDJSON) Append(b *column.Batch, value []byte) *datum.Error {
	start := b.Rows
	if b != d.batch {
		d.fill(b)
	}
	for line := 1; len(value) > 0; line++ {
		var text []byte
		if end := bytes.IndexByte(value, '\n'); end >= 0 {
			text, value = value[:end], value[end+1:]
		} else {
			text, value = value, nil
		}
		if skipSpace(text, 0) == len(text) {
			continue
		}
		err := room(d.targets, b, start)
		if err == nil {
			if err = d.JSON.Append(b, text); err != nil {
				err = inLine(err, line)
			}
		}
		if err != nil {
			d.JSON.records -= int64(b.Rows - start)
			takeBackRows(d.targets, b, start)
			return err
		}
	}
	d.records++
	return nil
}
