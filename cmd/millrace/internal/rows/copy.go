package rows

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/millrace/millrace/topology"
)

// Copy writes rows as COPY TO writes them, in its formats csv and text with the
// stream's options. Each record is a line, with its line end: a line without
// one, of a single NULL, would be no row. Where the stream's records have a
// header, each has one.
type Copy struct {
	names                   []string
	csv                     bool
	delimiter               byte
	null                    string
	quote, escape           byte
	header                  []byte
	forceNull, forceNotNull []bool
}

func newCopy(stream *topology.Stream, names []string) *Copy {
	o := stream.Copy
	if o == nil {
		o = &topology.CopyOptions{}
	}
	w := &Copy{names: names, csv: stream.Format == "csv", null: `\N`, delimiter: '\t'}
	if w.csv {
		w.null, w.delimiter = "", ','
		w.quote = cmp.Or(o.Quote, `"`)[0]
		w.escape = cmp.Or(o.Escape, string(w.quote))[0]
	}
	if o.Delimiter != "" {
		w.delimiter = o.Delimiter[0]
	}
	if o.Null != nil {
		w.null = *o.Null
	}
	for _, name := range names {
		w.forceNull = append(w.forceNull, slices.Contains(o.ForceNull, name) || slices.Contains(o.ForceNull, "*"))
		w.forceNotNull = append(w.forceNotNull, slices.Contains(o.ForceNotNull, name) || slices.Contains(o.ForceNotNull, "*"))
	}
	if o.Header != "" {
		for i, name := range names {
			if i > 0 {
				w.header = append(w.header, w.delimiter)
			}
			w.header = w.value(w.header, []byte(name))
		}
		w.header = append(w.header, '\n')
	}
	return w
}

// Append implements [Writer].
func (w *Copy) Append(to []byte, values [][]byte) ([]byte, error) {
	to = append(to, w.header...)
	for i, v := range values {
		if i > 0 {
			to = append(to, w.delimiter)
		}
		if err := w.readable(i, v); err != nil {
			return nil, err
		}
		if v == nil {
			to = append(to, w.null...)
			continue
		}
		to = w.value(to, v)
	}
	return append(to, '\n'), nil
}

// readable refuses what would be read as something else.
func (w *Copy) readable(i int, v []byte) error {
	switch isNull := v != nil && string(v) == w.null; {
	case v == nil && w.forceNotNull[i]:
		return unwritable("NULL", w.names[i], fmt.Sprintf("Of a column with FORCE_NOT_NULL, what stands for NULL is read as the text %q.", w.null),
			"Give the column a value, or create the stream without force_not_null.")
	case isNull && w.csv && w.forceNull[i]:
		return unwritable(fmt.Sprintf("the text %q", w.null), w.names[i], "Of a column with FORCE_NULL it is read as NULL, quoted too.",
			"Write NULL, or create the stream without force_null.")
	case isNull && !w.csv && w.null == "":
		return unwritable("an empty text", w.names[i], "The stream reads it as NULL.", "Write NULL, or create the stream with another null.")
	}
	return nil
}

func (w *Copy) value(to, v []byte) []byte {
	if w.csv {
		return w.csvValue(to, v)
	}
	return w.textValue(to, v)
}

func (w *Copy) csvValue(to, v []byte) []byte {
	plain := string(v) != w.null && string(v) != `\.`
	for _, c := range v {
		plain = plain && c != w.delimiter && c != w.quote && c != '\n' && c != '\r'
	}
	if plain {
		return append(to, v...)
	}
	to = append(to, w.quote)
	for _, c := range v {
		if c == w.quote || c == w.escape {
			to = append(to, w.escape)
		}
		to = append(to, c)
	}
	return append(to, w.quote)
}

const textEscapes = "\b\f\n\r\t\v\\"

func (w *Copy) textValue(to, v []byte) []byte {
	start := len(to)
	for _, c := range v {
		switch at := bytes.IndexByte([]byte(textEscapes), c); {
		case at >= 0:
			to = append(to, '\\', `bfnrtv\`[at])
		case c == w.delimiter:
			to = append(to, '\\', c)
		default:
			to = append(to, c)
		}
	}
	if len(v) > 0 && string(to[start:]) == w.null {
		// NULL is told by how it is written: another way to write the same text.
		first := fmt.Sprintf(`\%03o`, v[0])
		to = append(append(to[:start], first...), v[1:]...)
	}
	return to
}
