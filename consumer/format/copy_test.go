package format_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
)

var (
	csvOptions  = format.CopyOptions{CSV: true, Delimiter: ',', Quote: '"', Escape: '"'}
	textOptions = format.CopyOptions{Delimiter: '\t', Null: `\N`}
)

// decodeAll decodes one record into a fresh batch and shows its rows, or the error.
func decodeAll(d format.Decoder, record string) string {
	var b column.Batch
	d.Begin(&b)
	if err := d.Append(&b, []byte(record)); err != nil {
		if b.Rows != 0 {
			return fmt.Sprintf("%d rows beside %s", b.Rows, showError(err))
		}
		return showError(err)
	}
	var rows []string
	for row := range b.Rows {
		rows = append(rows, showRow(&b, row))
	}
	return strings.Join(rows, "; ")
}

func copyDecoder(t testing.TB, o format.CopyOptions, columns ...string) *format.Copy {
	fields := wanted(t, columns...)
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return format.NewCopy(fields, names, len(names), o, format.Env{})
}

// TestCopy: records of lines, and what COPY says of bad ones.
func TestCopy(t *testing.T) {
	with := func(o format.CopyOptions, change func(*format.CopyOptions)) format.CopyOptions {
		change(&o)
		return o
	}
	for _, c := range []struct {
		options format.CopyOptions
		record  string
		want    string
	}{
		{csvOptions, "1,a", "1|a"},
		{csvOptions, "1,a\n2,b\n", "1|a; 2|b"},
		{csvOptions, "1,a\r\n2,\"b\r\nc\"\r\n", "1|a; 2|b\r\nc"},
		{csvOptions, "1,a\r2,b", "1|a; 2|b"},
		{csvOptions, "", ""},
		{csvOptions, ",\n\"1\",\"\"", "NULL|NULL; 1|"},
		{csvOptions, `1,a"b""c"d`, `1|ab"cd`},
		{csvOptions, `1,\N`, `1|\N`},
		{csvOptions, "\n1,a", `22P04 missing data for column "t" / line 1`},
		{csvOptions, "1,a\n2\n", `22P04 missing data for column "t" / line 2`},
		{csvOptions, "x,a,b", "22P04 extra data after last expected column / line 1"},
		{csvOptions, "1,a\nx", `22P02 invalid input syntax for type integer: "x" / line 2: column "a"`},
		{csvOptions, `1,"a`, "22P04 unterminated CSV quoted field / line 1"},
		{csvOptions, "1,a\n2,b\r\n", "22P04 unquoted carriage return found in data / line 2"},
		{csvOptions, "1,a\r\n2,b\n", "22P04 unquoted newline found in data / line 2"},
		{csvOptions, "1,\xff", `22021 invalid byte sequence for encoding "UTF8": 0xff / At byte offset 2.`},
		{csvOptions, "1,\x00", `22021 invalid byte sequence for encoding "UTF8": 0x00 / At byte offset 2.`},
		{textOptions, "1\ta\\tb\\\\\\x41\\101\\q", "1|a\tb\\AAq"},
		{textOptions, "\\N\t\\\\N\n2\t\n", `NULL|\N; 2|`},
		{textOptions, "1\ta\\\nb\n2\tc", "1|a\nb; 2|c"},
		{textOptions, "1\ta\n\\.\nwhatever", "1|a"},
		{textOptions, "1\ta\\.\n", "1|a"},
		{textOptions, "1\ta\\.b\n", "22P04 end-of-copy marker corrupt / line 1"},
		{textOptions, "1\ta\\xffb", `22021 invalid byte sequence for encoding "UTF8": 0xff / line 1: At byte offset 1.`},
		{textOptions, "1\ta\n2\tb\r\n", "22P04 literal carriage return found in data / line 2"},
		{textOptions, "1\ta\tb", "22P04 extra data after last expected column / line 1"},
		{with(csvOptions, func(o *format.CopyOptions) { o.Header = format.SkipHeader }), "x\n1,a", "1|a"},
		{with(csvOptions, func(o *format.CopyOptions) { o.Header = format.SkipHeader }), "\"x\ny\",z\n1,a", "1|a"},
		{with(csvOptions, func(o *format.CopyOptions) { o.Header = format.MatchHeader }), "a,t\n1,a", "1|a"},
		{
			with(csvOptions, func(o *format.CopyOptions) { o.Header = format.MatchHeader }), "a,u\n1,a",
			`22P04 column name mismatch in header line field 2: got "u", expected "t"`,
		},
		{with(csvOptions, func(o *format.CopyOptions) { o.Header = format.MatchHeader }), "a\n1,a", "22P04 wrong number of fields in header line: got 1, expected 2"},
		{with(csvOptions, func(o *format.CopyOptions) { o.Delimiter, o.Null, o.Quote, o.Escape = ';', "-", '\'', '\\' }), `-;'it\'s'`, "NULL|it's"},
		{with(csvOptions, func(o *format.CopyOptions) { o.ForceNull = []string{"t"} }), `1,""`, "1|NULL"},
		{with(csvOptions, func(o *format.CopyOptions) { o.ForceNotNull = []string{"*"} }), `1,`, "1|"},
	} {
		if got := decodeAll(copyDecoder(t, c.options, "a integer", "t text"), c.record); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.record, got, c.want)
		}
	}
}

// TestCopyColumns: only wanted columns are looked at, those that came later may be
// missing and have their defaults, and NOT NULL is held.
func TestCopyColumns(t *testing.T) {
	nine := "9"
	fields := []format.Field{
		{Name: "c", Column: 0, Type: datum.Int4, Typmod: -1, Default: &nine},
		{Name: "a", Column: 1, Type: datum.Text, Typmod: -1, NotNull: true},
		{Name: "c", Column: 2, Type: datum.Text, Typmod: -1},
	}
	d := format.NewCopy(fields, []string{"a", "b", "c"}, 2, csvOptions, format.Env{})
	for record, want := range map[string]string{
		"x,y,3":         "3|x|3",
		"x,y,\nz,y":     "NULL|x|NULL; 9|z|NULL",
		"x":             `22P04 missing data for column "b" / line 1`,
		",y,3":          `23502 null value in column "a" violates not-null constraint / line 1`,
		"x,y,3\n,y,4":   `23502 null value in column "a" violates not-null constraint / line 2`,
		"x,y,\nq,y,q":   `22P02 invalid input syntax for type integer: "q" / line 2: column "c"`,
		"x,y,1,2\nx,y,": "22P04 extra data after last expected column / line 1",
	} {
		if got := decodeAll(d, record); got != want {
			t.Errorf("%q:\n got %s\nwant %s", record, got, want)
		}
	}
}

// TestDefaults: a missing field has the default, null is NULL.
func TestDefaults(t *testing.T) {
	seven, word := "7", "none"
	d := format.NewJSON([]format.Field{
		{Name: "a", Column: 0, Type: datum.Int4, Typmod: -1, Default: &seven, NotNull: true},
		{Name: "t", Column: 1, Type: datum.Text, Typmod: -1, Default: &word},
	}, format.Env{})
	for record, want := range map[string]string{
		`{}`:                        "7|none",
		`{"a": 1, "t": "x"}`:        "1|x",
		`{"t": null}`:               "7|NULL",
		`{"t": null, "t": "y"}`:     "7|y",
		`{"a": null}`:               `23502 null value in column "a" violates not-null constraint`,
		`{"t": "x"`:                 "22P02 invalid input syntax for type json / The input string ended unexpectedly, at byte offset 9.",
		`{"a": "2", "t": null, "b"`: "22P02 invalid input syntax for type json / The input string ended unexpectedly, at byte offset 25.",
	} {
		for range 2 { // nothing stays of the record before
			if got := decodeAll(d, record); got != want {
				t.Errorf("%q:\n got %s\nwant %s", record, got, want)
			}
		}
	}
}

func TestNDJSON(t *testing.T) {
	for record, want := range map[string]string{
		"{\"a\": 1}\n{\"t\": \"x\"}\r\n\n  \n{}": "1|NULL; NULL|x; NULL|NULL",
		"":                                       "",
		"{\"a\": 1}":                             "1|NULL",
		"{\"a\": 1}\n{\"a\": \"x\"}\n":           `22P02 invalid input syntax for type integer: "x" / line 2: field "a"`,
		"{\"a\":\n1}":                            "22P02 invalid input syntax for type json / line 1: The input string ended unexpectedly, at byte offset 5.",
		"{} {}":                                  `22P02 invalid input syntax for type json / line 1: Expected end of input, but found "{" at byte offset 3.`,
	} {
		if got := decodeAll(format.NewNDJSON(wanted(t, "a integer", "t text"), format.Env{}), record); got != want {
			t.Errorf("%q:\n got %s\nwant %s", record, got, want)
		}
	}
}

func TestRaw(t *testing.T) {
	raw := func(of datum.Type, typmod int32) *format.Raw {
		return format.NewRaw([]format.Field{{Name: "v", Type: of, Typmod: typmod}}, format.Env{})
	}
	for _, c := range []struct {
		of     datum.Type
		typmod int32
		record []byte
		want   string
	}{
		{datum.Text, -1, []byte("a\n\"b"), "a\n\"b"},
		{datum.Text, -1, []byte{}, ""},
		{datum.Text, -1, nil, "NULL"},
		{datum.Text, -1, []byte("\xff"), `22021 invalid byte sequence for encoding "UTF8": 0xff / At byte offset 0.`},
		{datum.Text, -1, []byte("a\x00"), `22021 invalid byte sequence for encoding "UTF8": 0x00 / At byte offset 1.`},
		{datum.Text, 4 + 2, []byte("abc"), "22001 value too long for type character varying(2)"},
		{datum.Bytea, -1, []byte("\xff\x00"), "\xff\x00"},
	} {
		d := raw(c.of, c.typmod)
		var b column.Batch
		d.Begin(&b)
		got := ""
		if err := d.Append(&b, c.record); err != nil {
			got = showError(err)
		} else if got = "NULL"; !b.Columns[0].IsNull(0) {
			got = string(b.Columns[0].Bytes(0))
		}
		if got != c.want {
			t.Errorf("%v %q: got %q, want %q", c.of, c.record, got, c.want)
		}
	}
}

// TestRoom: a record whose rows do not fit behind others waits for an empty batch; one
// with more rows than a batch has is a batch by itself; one with too many is refused.
// Nothing of what is taken back stays.
func TestRoom(t *testing.T) {
	for name, d := range map[string]format.Decoder{
		"csv":    copyDecoder(t, csvOptions, "t text", "a integer"),
		"ndjson": format.NewNDJSON(wanted(t, "t text", "a integer"), format.Env{}),
	} {
		record := func(rows int) []byte {
			var out []byte
			for i := range rows {
				if name == "csv" {
					out = fmt.Appendf(out, "x%d,%d\n", i, i)
				} else {
					out = fmt.Appendf(out, "{\"t\": \"x%d\", \"a\": %d}\n", i, i)
				}
			}
			return out
		}
		var b column.Batch
		d.Begin(&b)
		if err := d.Append(&b, record(10)); err != nil || b.Rows != 10 {
			t.Fatal(name, err)
		}
		arena := len(b.Columns[0].Arena)
		if err := d.Append(&b, record(column.BatchRows)); err != format.NoRoom || b.Rows != 10 || len(b.Columns[0].Arena) != arena || !b.Columns[0].IsNull(10) {
			t.Fatalf("%s: %v, %d rows, %d bytes", name, err, b.Rows, len(b.Columns[0].Arena))
		}
		if err := d.Append(&b, record(column.BatchRows-10)); err != nil || !format.Full(&b) {
			t.Fatal(name, err)
		}
		d.Begin(&b)
		const many = 10_000
		if err := d.Append(&b, record(many)); err != nil || b.Rows != many || !format.Full(&b) {
			t.Fatal(name, err, b.Rows)
		}
		for _, row := range []int{0, column.BatchRows - 1, column.BatchRows, many - 1} {
			if got, want := showRow(&b, row), fmt.Sprintf("x%d|%d", row, row); got != want {
				t.Errorf("%s: row %d is %s", name, row, got)
			}
		}
		d.Begin(&b)
		if err := d.Append(&b, append(record(column.BatchRows+5), "x"...)); err == nil || b.Rows != 0 || len(b.Columns[0].Arena) != 0 {
			t.Errorf("%s: %v, %d rows, %d bytes", name, err, b.Rows, len(b.Columns[0].Arena))
		}
		if err := d.Append(&b, record(column.MaxRows+1)); err == nil || err.Code != datum.CodeProgramLimitExceeded || b.Rows != 0 {
			t.Errorf("%s: %v, %d rows", name, err, b.Rows)
		}
		if err := d.Append(&b, record(column.MaxRows)); err != nil || b.Rows != column.MaxRows {
			t.Errorf("%s: %v, %d rows", name, err, b.Rows)
		}
	}
}

// FuzzCopy writes rows as COPY TO does and reads them back; and whatever the bytes
// are, a batch that has rows already gets the same ones or stays as it was.
func FuzzCopy(f *testing.F) {
	for _, seed := range []string{"1,a\n2,\"b\n\"\"c\"\n", "a\\tb\t\\N\n\\.\n", "x\r\ny\r\n", "\\\n\\x4a\\777", "\"a\"b\"c\n", `"`, `\`} {
		f.Add([]byte(seed), uint8(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, choice uint8) {
		o := []format.CopyOptions{
			csvOptions, textOptions, {CSV: true, Delimiter: ';', Quote: '\'', Escape: '\\', Null: "NULL"}, {Delimiter: '|', Null: "-+-"},
		}[choice%4]
		fresh, used := copyDecoder(t, o, "a text", "b text"), copyDecoder(t, o, "a text", "b text")
		want := decodeAll(fresh, string(data))
		var b column.Batch
		used.Begin(&b)
		first := writeCopy(o, "before", "it")
		for range 2 {
			start := b.Rows
			if err := used.Append(&b, []byte(first)); err != nil || b.Rows != start+1 || showRow(&b, start) != "before|it" {
				t.Fatalf("%q: %v", first, err)
			}
			start = b.Rows
			var rows []string
			if err := used.Append(&b, data); err != nil {
				rows = []string{showError(err)}
				if b.Rows != start {
					t.Fatal("rows of a record that was refused")
				}
			}
			for row := start; row < b.Rows; row++ {
				rows = append(rows, showRow(&b, row))
			}
			if got := strings.Join(rows, "; "); got != want {
				t.Fatalf("%q: %s behind others, %s alone", data, got, want)
			}
		}
		left, right, _ := strings.Cut(strings.ToValidUTF8(strings.ReplaceAll(string(data), "\x00", ""), ""), ",")
		if got := decodeAll(fresh, writeCopy(o, left, right)+"\n"); got != left+"|"+right {
			t.Fatalf("%q and %q came back as %q", left, right, got)
		}
	})
}

// writeCopy writes a row as COPY TO does, every csv value in quotes.
func writeCopy(o format.CopyOptions, values ...string) string {
	values = slices.Clone(values)
	for i, v := range values {
		var out strings.Builder
		if o.CSV {
			out.WriteByte(o.Quote)
		}
		for j := range len(v) {
			switch c := v[j]; {
			case o.CSV && (c == o.Quote || c == o.Escape):
				out.WriteByte(o.Escape)
				out.WriteByte(c)
			case o.CSV:
				out.WriteByte(c)
			case c == '\n':
				out.WriteString(`\n`)
			case c == '\r':
				out.WriteString(`\r`)
			case c == '\\' || c == o.Delimiter:
				out.WriteByte('\\')
				out.WriteByte(c)
			default:
				out.WriteByte(c)
			}
		}
		if o.CSV {
			out.WriteByte(o.Quote)
		}
		values[i] = out.String()
	}
	return strings.Join(values, string(o.Delimiter))
}
