package rows

import (
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/topology"
)

// copyStreams are streams of the COPY formats, with the options that their decoder has.
func copyStreams() []struct {
	stream  topology.Stream
	options format.CopyOptions
} {
	text := func(s string) *string { return &s }
	return []struct {
		stream  topology.Stream
		options format.CopyOptions
	}{
		{topology.Stream{Format: "csv"}, format.CopyOptions{CSV: true, Delimiter: ',', Quote: '"', Escape: '"'}},
		{
			topology.Stream{Format: "csv", Copy: &topology.CopyOptions{Delimiter: ";", Null: text("nil"), Quote: "'", Escape: `\`, Header: "match"}},
			format.CopyOptions{CSV: true, Delimiter: ';', Null: "nil", Quote: '\'', Escape: '\\', Header: format.MatchHeader},
		},
		{
			topology.Stream{Format: "csv", Copy: &topology.CopyOptions{ForceNull: []string{"a"}, ForceNotNull: []string{"b"}, Header: "true"}},
			format.CopyOptions{CSV: true, Delimiter: ',', Quote: '"', Escape: '"', ForceNull: []string{"a"}, ForceNotNull: []string{"b"}, Header: format.SkipHeader},
		},
		{topology.Stream{Format: "text"}, format.CopyOptions{Delimiter: '\t', Null: `\N`}},
		{
			topology.Stream{Format: "text", Copy: &topology.CopyOptions{Delimiter: "|", Null: text("x"), Header: "match"}},
			format.CopyOptions{Delimiter: '|', Null: "x", Header: format.MatchHeader},
		},
		{topology.Stream{Format: "text", Copy: &topology.CopyOptions{Null: text("")}}, format.CopyOptions{Delimiter: '\t'}},
	}
}

// FuzzCopy reads back what was written, with the decoder of the stream's format:
// the same two texts, or an error when they were written.
func FuzzCopy(f *testing.F) {
	for _, v := range []string{"", "x", "nil", `\N`, `\.`, `a,b"c`, "two\nlines\r\n", "\ttab\\", "';'", "\xc3\xa4", "1x", "\b\f\v"} {
		for i := range copyStreams() {
			f.Add(i, v, "other", true, false)
			f.Add(i, "x", v, false, false)
			f.Add(i, v, v, true, true)
		}
	}
	f.Fuzz(func(t *testing.T, which int, a, b string, isNull, alone bool) {
		all := copyStreams()
		c := all[uint(which)%uint(len(all))]
		names := []string{"a", "b"}
		values := [][]byte{[]byte(a), []byte(b)}
		if isNull {
			values[1] = nil
		}
		if alone {
			names, values = []string{"b"}, values[1:]
		}
		w, err := For(&c.stream, names, []uint32{pgtype.TextOID, pgtype.TextOID}[:len(names)])
		if err != nil {
			t.Fatal(err)
		}
		record, err := w.Append(nil, values)
		if err != nil {
			return
		}
		fields := make([]format.Field, len(names))
		for i, name := range names {
			fields[i] = format.Field{Name: name, Column: i, Type: datum.Text, Typmod: -1}
		}
		d := format.NewCopy(fields, names, len(names), c.options, format.Env{})
		batch := &column.Batch{Columns: make([]*column.Vector, len(names))}
		d.Begin(batch)
		if bad := d.Append(batch, record); bad != nil {
			if bad.Code == "22021" {
				return // no text of PostgreSQL's
			}
			t.Fatalf("%q cannot be read: %v", record, bad)
		}
		if batch.Rows != 1 {
			t.Fatalf("%q is %d rows", record, batch.Rows)
		}
		for i, want := range values {
			vec := batch.Columns[i]
			if vec.IsNull(0) != (want == nil) || want != nil && string(vec.Bytes(0)) != string(want) {
				t.Fatalf("%q: column %s is %q, null=%v, want %q", record, names[i], vec.Bytes(0), vec.IsNull(0), want)
			}
		}
	})
}

func TestUnwritable(t *testing.T) {
	empty := ""
	for _, c := range []struct {
		stream topology.Stream
		row    [][]byte
	}{
		{topology.Stream{Format: "csv", Copy: &topology.CopyOptions{ForceNull: []string{"*"}}}, row("")},
		{topology.Stream{Format: "csv", Copy: &topology.CopyOptions{ForceNotNull: []string{"a"}}}, row("NULL")},
		{topology.Stream{Format: "text", Copy: &topology.CopyOptions{Null: &empty}}, row("")},
		{topology.Stream{Format: "raw", Columns: []topology.StreamColumn{{Name: "a", Default: &empty}}}, row("NULL")},
		{topology.Stream{Format: "json"}, row(" null\n")},
	} {
		w, err := For(&c.stream, []string{"a"}, []uint32{map[bool]uint32{true: pgtype.JSONBOID, false: pgtype.TextOID}[c.stream.Format == "json"]})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.Append(nil, c.row); err == nil {
			t.Errorf("%s wrote %q for %q", c.stream.Format, got, c.row)
		}
	}
}

func TestRaw(t *testing.T) {
	stream := &topology.Stream{Format: "raw", Columns: []topology.StreamColumn{{Name: "a"}}}
	for _, c := range []struct {
		oid  uint32
		row  [][]byte
		want string
	}{
		{pgtype.TextOID, row("a\nb"), "a\nb"},
		{pgtype.TextOID, row(""), ""},
		{pgtype.ByteaOID, row(`\x00ff0a`), "\x00\xff\n"},
		{pgtype.ByteaOID, row(`\x`), ""},
		{pgtype.ByteaOID, row("NULL"), "NULL"},
	} {
		w, err := For(stream, []string{"a"}, []uint32{c.oid})
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Append([]byte{}, c.row)
		if err != nil || (got == nil) != (c.want == "NULL") || got != nil && string(got) != c.want {
			t.Errorf("wrote %q, %v, want %q", got, err, c.want)
		}
	}
}
