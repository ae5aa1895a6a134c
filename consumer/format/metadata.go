package format

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// Metadata fills the wanted metadata columns of a stream: what Kafka says of a
// record, for each of the record's rows. It goes with a [Decoder], which fills the
// others, and allocates no more than that.
type Metadata struct {
	columns []metadataColumn
	headers []kgo.RecordHeader // scratch
	text    []byte             // scratch
}

type metadataColumn struct {
	what   topology.Metadata
	column int // its place in the batch
	of     datum.Type
}

// Want adds a column, which stands at a place of the batches.
func (m *Metadata) Want(what topology.Metadata, of datum.Type, place int) {
	m.columns = append(m.columns, metadataColumn{what, place, of})
}

// Place returns where a column stands that was added, -1 for none.
func (m *Metadata) Place(what topology.Metadata) int {
	for _, c := range m.columns {
		if c.what == what {
			return c.column
		}
	}
	return -1
}

// Begin makes a batch ready, as [Decoder].Begin does.
func (m *Metadata) Begin(b *column.Batch) {
	for _, c := range m.columns {
		beginColumn(b, c.column, c.of)
	}
}

// Fill gives the rows of a batch from first on, which are those of one record, the
// record's metadata.
func (m *Metadata) Fill(b *column.Batch, first int, r *kgo.Record) {
	for _, c := range m.columns {
		v := b.Columns[c.column]
		if v.Len() < b.Rows {
			v.Extend(b.Rows - v.Len())
		}
		if first == b.Rows {
			continue
		}
		m.set(c.what, v, first, r)
		for row := first + 1; row < b.Rows; row++ {
			switch {
			case c.what == topology.MetadataRow:
				v.SetInt(row, int64(row-first+1))
			case v.IsNull(first):
			case c.of.Physical() == datum.PhysBytes: // the same bytes serve all rows
				v.Slices[row] = v.Slices[first]
				v.Valid.Set(row)
			default:
				v.SetInt(row, v.Ints[first])
			}
		}
	}
}

// unixEpoch is 1970 in PostgreSQL's microseconds, which count from 2000.
const unixEpoch = -946_684_800_000_000

func (m *Metadata) set(what topology.Metadata, v *column.Vector, row int, r *kgo.Record) {
	switch what {
	case topology.MetadataTopic:
		v.SetString(row, r.Topic)
	case topology.MetadataPartition:
		v.SetInt(row, int64(r.Partition))
	case topology.MetadataOffset:
		v.SetInt(row, r.Offset)
	case topology.MetadataRow:
		v.SetInt(row, 1)
	case topology.MetadataKey:
		if r.Key != nil {
			v.SetBytes(row, r.Key)
		}
	case topology.MetadataHeaders:
		m.text = m.appendHeaders(m.text[:0], r.Headers)
		v.SetBytes(row, m.text)
	case topology.MetadataTimestamp:
		if ms := r.Timestamp.UnixMilli(); ms >= 0 { // a record of an old producer has none: -1
			v.SetInt(row, ms*1000+unixEpoch)
		}
	}
}

// appendHeaders appends headers as PostgreSQL prints a jsonb object: keys by length
// and then by bytes, of equal keys the last one's value.
func (m *Metadata) appendHeaders(text []byte, headers []kgo.RecordHeader) []byte {
	m.headers = append(m.headers[:0], headers...)
	slices.SortStableFunc(m.headers, func(a, b kgo.RecordHeader) int {
		if a, b := len(a.Key), len(b.Key); a != b {
			return cmp.Compare(a, b)
		}
		return strings.Compare(a.Key, b.Key)
	})
	text = append(text, '{')
	for i, h := range m.headers {
		if i+1 < len(m.headers) && m.headers[i+1].Key == h.Key {
			continue
		}
		if len(text) > 1 {
			text = append(text, ", "...)
		}
		text = append(appendJSON(text, h.Key), ": "...)
		if h.Value == nil {
			text = append(text, "null"...)
		} else {
			text = appendJSON(text, h.Value)
		}
	}
	return append(text, '}')
}

const hexDigits = "0123456789abcdef"

// appendJSON appends a JSON string as PostgreSQL writes it (escape_json). What is no
// text of PostgreSQL's is written as a bytea's text, \x and digits.
func appendJSON[S string | []byte](text []byte, s S) []byte {
	text = append(text, '"')
	if !utf8.ValidString(string(s)) || strings.IndexByte(string(s), 0) >= 0 {
		text = append(text, `\\x`...)
		for i := range len(s) {
			text = append(text, hexDigits[s[i]>>4], hexDigits[s[i]&15])
		}
		return append(text, '"')
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			text = append(text, '\\', c)
		case c >= ' ':
			text = append(text, c)
		case strings.IndexByte("\b\f\n\r\t", c) >= 0:
			text = append(text, '\\', "bfnrt"[strings.IndexByte("\b\f\n\r\t", c)])
		default:
			text = append(text, `\u00`...)
			text = append(text, hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(text, '"')
}
