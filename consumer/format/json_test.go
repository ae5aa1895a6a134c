package format_test

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
)

// wanted makes fields of "name type" in the order of their columns.
func wanted(t testing.TB, columns ...string) []format.Field {
	t.Helper()
	fields := make([]format.Field, len(columns))
	for i, c := range columns {
		name, typeName, _ := strings.Cut(c, " ")
		typeName, notNull := strings.CutSuffix(typeName, " not null")
		fields[i] = format.Field{Name: name, Column: i, Typmod: -1, NotNull: notNull}
		for _, of := range datum.Types() {
			if of.String() == typeName {
				fields[i].Type = of
			}
		}
		if fields[i].Type == datum.Invalid {
			t.Fatalf("no native type in %q", c)
		}
	}
	return fields
}

// show prints a row's value: its text, or NULL.
func show(v *column.Vector, row int) string {
	if v.IsNull(row) {
		return "NULL"
	}
	switch v.Type {
	case datum.Bool:
		return string(datum.AppendBool(nil, v.Ints[row] != 0))
	case datum.Float4, datum.Float8:
		return string(datum.AppendFloat(nil, v.Floats[row], v.Type))
	case datum.Numeric:
		return datum.DecodeDecimal(v.Bytes(row)).String()
	case datum.Text:
		return string(v.Bytes(row))
	case datum.Date:
		return string(datum.AppendDate(nil, v.Ints[row]))
	case datum.Timestamp:
		return string(datum.AppendTimestamp(nil, v.Ints[row]))
	case datum.TimestampTZ:
		return string(datum.AppendTimestampTZ(nil, v.Ints[row], time.UTC))
	case datum.Interval:
		return string(datum.AppendInterval(nil, v.Spans[row]))
	case datum.Int2, datum.Int4, datum.Int8:
		return fmt.Sprint(v.Ints[row])
	}
	return string(datum.AppendOutput(nil, v.Type, v.Value(nil, row), nil))
}

func showRow(b *column.Batch, row int) string {
	var values []string
	for _, v := range b.Columns {
		values = append(values, show(v, row))
	}
	return strings.Join(values, "|")
}

// showError prints an error as the tables below have it.
func showError(err *datum.Error) string {
	return strings.TrimSuffix(err.Code+" "+err.Message+" / "+err.Detail, " / ")
}

// recordCases are records for the columns a integer, t text and f double
// precision. PostgreSQL gives each the same row or error, the place apart, unless
// the case says where it differs and why.
var recordCases = []struct{ record, want, differs string }{
	// Shapes of records.
	{`{}`, "NULL|NULL|NULL", ""},
	{"\xEF\xBB\xBF {\"a\":1}", "1|NULL|NULL", "a BOM is accepted"},
	{" \t\r\n{ \"a\" :\n1 , \"t\"\t: \"x\" } \n", "1|x|NULL", ""},
	{`{"a": 1, "t": "x"}`, "1|x|NULL", ""},
	{`{"a":1,"a":2}`, "2|NULL|NULL", ""},
	{`{"a":1,"a":null}`, "NULL|NULL|NULL", ""},
	{`{"t":"one","t":"two","t":null,"t":"three"}`, "NULL|three|NULL", ""},
	{`{"\u0061":7,"\u0074":"x"}`, "7|x|NULL", ""},
	{`{"A":7,"aa":8,"":9}`, "NULL|NULL|NULL", ""},
	{`{"é":{"a":1},"a":5}`, "5|NULL|NULL", ""},
	// What texts become.
	{`{"t":"plain"}`, "NULL|plain|NULL", ""},
	{`{"t":""}`, "NULL||NULL", ""},
	{`{"t":"\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00z"}`, "NULL|\"\\/\b\f\n\r\té€😀z|NULL", ""},
	{`{"t":"grüße, 世界 😀"}`, "NULL|grüße, 世界 😀|NULL", ""},
	{"{\"t\":\"\x7f\"}", "NULL|\x7f|NULL", ""},
	{`{"t":1.50}`, "NULL|1.50|NULL", ""},
	{`{"t":-0e+07}`, "NULL|-0e+07|NULL", ""},
	{`{"t":true}`, "NULL|true|NULL", ""},
	{`{"t":{ "x" : [1, "\u0041"] }}`, `NULL|{ "x" : [1, "\u0041"] }|NULL`, ""},
	{`{"t":[]}`, "NULL|[]|NULL", ""},
	{`{"t":[{},[[]],{"a":{}}]}`, `NULL|[{},[[]],{"a":{}}]|NULL`, ""},
	{`{"x":{"a":1,"b":[2,{"c":null}]},"a":3}`, "3|NULL|NULL", ""},
	// Numbers.
	{`{"a":-2147483648,"f":0.1}`, "-2147483648|NULL|0.1", ""},
	{`{"a":-0,"f":-0}`, "0|NULL|-0", ""},
	{`{"f":1e400}`, `22003 "1e400" is out of range for type double precision / field "f"`, ""},
	{`{"f":123456789012345678901234567890}`, "NULL|NULL|1.2345678901234568e+29", ""},
	{`{"a":"12","f":"1.5e3"}`, "12|NULL|1500", ""},
	{`{"f":"NaN"}`, "NULL|NULL|NaN", ""},
	{`{"a":12.5}`, `22P02 invalid input syntax for type integer: "12.5" / field "a"`, ""},
	{`{"a":1e3}`, `22P02 invalid input syntax for type integer: "1e3" / field "a"`, ""},
	{`{"a":2147483648}`, `22003 value "2147483648" is out of range for type integer / field "a"`, ""},
	{`{"a":true}`, `22P02 invalid input syntax for type integer: "true" / field "a"`, ""},
	{`{"a":{"b":1}}`, `22P02 invalid input syntax for type integer: "{"b":1}" / field "a"`, ""},
	{`{"a":"x","a":1}`, "1|NULL|NULL", ""},
	{`{"a":1,"a":"x"}`, `22P02 invalid input syntax for type integer: "x" / field "a"`, ""},
	{`{"f":"y","a":"x"}`, `22P02 invalid input syntax for type integer: "x" / field "a"`, ""},
	// What is no JSON object.
	{``, "22P02 empty record", "one error for all that is no object"},
	{` `, "22P02 expected a JSON object", "one error for all that is no object"},
	{`[1]`, "22P02 expected a JSON object", "one error for all that is no object"},
	{`null`, "22P02 expected a JSON object", "one error for all that is no object"},
	{`{`, syntax(`The input string ended unexpectedly, at byte offset 1.`), ""},
	{`{"a":1`, syntax(`The input string ended unexpectedly, at byte offset 6.`), ""},
	{`{"a":`, syntax(`The input string ended unexpectedly, at byte offset 5.`), ""},
	{`{"zz":`, syntax(`The input string ended unexpectedly, at byte offset 6.`), ""},
	{`{"a"`, syntax(`The input string ended unexpectedly, at byte offset 4.`), ""},
	{`{"t":"abc`, syntax(`The input string ended unexpectedly, at byte offset 9.`), "the end is named, not the whole string"},
	{`{"t":"\`, syntax(`The input string ended unexpectedly, at byte offset 7.`), "the end is named, not the whole string"},
	{`{"a":1}}`, syntax(`Expected end of input, but found "}" at byte offset 7.`), ""},
	{`{} {}`, syntax(`Expected end of input, but found "{" at byte offset 3.`), ""},
	{`{"a":1,}`, syntax(`Expected string, but found "}" at byte offset 7.`), ""},
	{`{,}`, syntax(`Expected string or "}", but found "," at byte offset 1.`), ""},
	{`{a:1}`, syntax(`Token "a" is invalid, at byte offset 1.`), ""},
	{`{"a" 1}`, syntax(`Expected ":", but found "1" at byte offset 5.`), ""},
	{`{"a":1 "t":2}`, syntax(`Expected "," or "}", but found ""t"" at byte offset 7.`), ""},
	{`{"t":[1,]}`, syntax(`Expected JSON value, but found "]" at byte offset 8.`), ""},
	{`{"x":[1 2]}`, syntax(`Expected "," or "]", but found "2" at byte offset 8.`), ""},
	{`{"x":[1}`, syntax(`Expected "," or "]", but found "}" at byte offset 7.`), ""},
	{`{"x":{"b":1]}`, syntax(`Expected "," or "}", but found "]" at byte offset 11.`), ""},
	{`{"x":{"b"}}`, syntax(`Expected ":", but found "}" at byte offset 9.`), ""},
	{`{"x":{"b":1,}}`, syntax(`Expected string, but found "}" at byte offset 12.`), ""},
	{`{"x":{5:1}}`, syntax(`Expected string or "}", but found "5" at byte offset 6.`), ""},
	{`{"a":01}`, syntax(`Token "01" is invalid, at byte offset 5.`), ""},
	{`{"x":01}`, syntax(`Token "01" is invalid, at byte offset 5.`), ""},
	{`{"f":1.}`, syntax(`Token "1." is invalid, at byte offset 5.`), ""},
	{`{"f":.5}`, syntax(`Token "." is invalid, at byte offset 5.`), ""},
	{`{"f":-}`, syntax(`Token "-" is invalid, at byte offset 5.`), ""},
	{`{"a":+1}`, syntax(`Token "+" is invalid, at byte offset 5.`), ""},
	{`{"f":1e}`, syntax(`Token "1e" is invalid, at byte offset 5.`), ""},
	{`{"x":1e+}`, syntax(`Token "1e+" is invalid, at byte offset 5.`), ""},
	{`{"x":NaN}`, syntax(`Token "NaN" is invalid, at byte offset 5.`), ""},
	{`{"t":tru}`, syntax(`Token "tru" is invalid, at byte offset 5.`), ""},
	{`{"x":nulL}`, syntax(`Token "nulL" is invalid, at byte offset 5.`), ""},
	{`{"t":nul`, syntax(`Token "nul" is invalid, at byte offset 5.`), ""},
	{`{"t":fals`, syntax(`Token "fals" is invalid, at byte offset 5.`), ""},
	// A bad value is no excuse for what follows it, nor does it hide it.
	{`{"a":"x","b":[}`, syntax(`Expected JSON value, but found "}" at byte offset 14.`), ""},
	{`{"a":1,"b":1]`, syntax(`Expected "," or "}", but found "]" at byte offset 12.`), ""},
	// Strings.
	{"{\"t\":\"a\tb\"}", syntax(`Character with value 0x09 must be escaped, at byte offset 7.`), ""},
	{"{\"x\":\"0123456789\nb\"}", syntax(`Character with value 0x0a must be escaped, at byte offset 16.`), ""},
	{`{"t":"\q"}`, syntax(`Escape sequence "\q" is invalid, at byte offset 6.`), ""},
	{`{"t":"\u12g4"}`, syntax(`"\u" must be followed by four hexadecimal digits, at byte offset 6.`), ""},
	{`{"x":"\u12`, syntax(`"\u" must be followed by four hexadecimal digits, at byte offset 6.`), "the end is named, not the whole string"},
	{`{"t":"\u0000"}`, `22P05 unsupported Unicode escape sequence / \u0000 cannot be converted to text, at byte offset 6.`, ""},
	{`{"x":{"\u0000":1}}`, `22P05 unsupported Unicode escape sequence / \u0000 cannot be converted to text, at byte offset 7.`, ""},
	{`{"x":"\ud800"}`, syntax(`Unicode low surrogate must follow a high surrogate, at byte offset 6.`), ""},
	{`{"x":"\ude00"}`, syntax(`Unicode low surrogate must follow a high surrogate, at byte offset 6.`), ""},
	{`{"x":"\ud800\u0041"}`, syntax(`Unicode low surrogate must follow a high surrogate, at byte offset 6.`), ""},
	{`{"x":"\ud800\ud800"}`, syntax(`Unicode high surrogate must not follow a high surrogate, at byte offset 6.`), ""},
	{`{"\ud800":1}`, syntax(`Unicode low surrogate must follow a high surrogate, at byte offset 2.`), ""},
	// Encoding.
	{"{\"t\":\"\xff\"}", "22021 invalid byte sequence for encoding \"UTF8\": 0xff / At byte offset 6.", ""},
	{"{\"x\":[\"\xed\xa0\x80\"]}", "22021 invalid byte sequence for encoding \"UTF8\": 0xed 0xa0 0x80 / At byte offset 7.", ""},
	{"{\"x\":\"\xc0\x80\"}", "22021 invalid byte sequence for encoding \"UTF8\": 0xc0 0x80 / At byte offset 6.", ""},
	{"{\"x\":\"\xe4\"}", "22021 invalid byte sequence for encoding \"UTF8\": 0xe4 0x22 0x7d / At byte offset 6.", ""},
	{"{\"\xf8\":1}", "22021 invalid byte sequence for encoding \"UTF8\": 0xf8 / At byte offset 2.", ""},
	{"{\"x\":1}\x00", "22021 invalid byte sequence for encoding \"UTF8\": 0x00 / At byte offset 7.", ""},
	{"\xff", "22021 invalid byte sequence for encoding \"UTF8\": 0xff / At byte offset 0.", ""},
	// Depth.
	{`{"x":` + deep(format.MaxDepth-1) + `}`, "NULL|NULL|NULL", ""},
	{`{"x":` + deep(format.MaxDepth) + `}`, "54000 JSON nested more than 1000 levels deep, at byte offset 1004", "the depth is limited"},
	{`{"x":` + strings.Repeat(`{"a":`, 1e6), "54000 JSON nested more than 1000 levels deep, at byte offset 5000", "the depth is limited"},
}

func TestJSONRecords(t *testing.T) {
	for _, c := range recordCases {
		d := format.NewJSON(wanted(t, "a integer", "t text", "f double precision"), format.Env{})
		var b column.Batch
		d.Begin(&b)
		// The second time the keys are known, and the row before must not matter.
		for range 2 {
			got := ""
			if err := d.Append(&b, []byte(c.record)); err != nil {
				got = showError(err)
			} else {
				got = showRow(&b, b.Rows-1)
			}
			if got != c.want {
				t.Errorf("%.60q\n got %s\nwant %s", c.record, got, c.want)
			}
		}
	}
}

func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func syntax(detail string) string { return "22P02 invalid input syntax for type json / " + detail }

func TestJSONTombstone(t *testing.T) {
	d := format.NewJSON(nil, format.Env{})
	var b column.Batch
	d.Begin(&b)
	if err := d.Append(&b, nil); err == nil || showError(err) != "22P02 empty record" || b.Rows != 0 {
		t.Errorf("a tombstone gives %v, %d rows", err, b.Rows)
	}
}

func TestJSONNotNull(t *testing.T) {
	d := format.NewJSON(wanted(t, "a integer not null", "t text"), format.Env{})
	var b column.Batch
	d.Begin(&b)
	for _, record := range []string{`{"t":"x"}`, `{"t":"x","a":null}`, `{"a":1,"a":null}`} {
		err := d.Append(&b, []byte(record))
		if err == nil || showError(err) != `23502 null value in column "a" violates not-null constraint` {
			t.Errorf("%s: %v", record, err)
		}
	}
	if b.Rows != 0 || len(b.Columns[1].Arena) != 0 || !b.Columns[1].IsNull(0) {
		t.Errorf("refused records left something: %d rows, arena %q", b.Rows, b.Columns[1].Arena)
	}
	if err := d.Append(&b, []byte(`{"a":0}`)); err != nil || showRow(&b, 0) != "0|NULL" {
		t.Errorf("got %v, %s", err, showRow(&b, 0))
	}
}

// A record that is refused leaves neither values nor bytes, wherever it fails.
func TestJSONRefusedRecordLeavesNothing(t *testing.T) {
	d := format.NewJSON(wanted(t, "t text", "a integer", "u text"), format.Env{})
	var b column.Batch
	d.Begin(&b)
	good := []byte(`{"t":"tea","a":1,"u":"urn"}`)
	for _, bad := range []string{
		`{"t":"lost","a":2,"u":"lost"`, `{"t":"lost","a":"x","u":"lost"}`, `{"t":"lost","t":"again","u":"lost",}`,
		`{"t":"lost","t":null,"a":2} x`, `{"u":"lost","t":"\ud800"}`,
	} {
		if err := d.Append(&b, good); err != nil {
			t.Fatal(err)
		}
		before := fmt.Sprint(b.Rows, len(b.Columns[0].Arena), len(b.Columns[2].Arena), b.Columns[0].Valid, b.Columns[1].Valid, b.Columns[2].Valid)
		if err := d.Append(&b, []byte(bad)); err == nil {
			t.Errorf("accepted %s", bad)
		}
		after := fmt.Sprint(b.Rows, len(b.Columns[0].Arena), len(b.Columns[2].Arena), b.Columns[0].Valid, b.Columns[1].Valid, b.Columns[2].Valid)
		if before != after {
			t.Errorf("%s left something:\nbefore %s\n after %s", bad, before, after)
		}
	}
	for row := range b.Rows {
		if got := showRow(&b, row); got != "tea|1|urn" {
			t.Errorf("row %d is %s", row, got)
		}
	}
}

// Whatever the order of the keys, and whichever are missing, guessing the next
// key must not change the result.
func TestJSONKeyOrders(t *testing.T) {
	d := format.NewJSON(wanted(t, "a integer", "ab integer", "b text"), format.Env{})
	var b column.Batch
	d.Begin(&b)
	for i, c := range []struct{ record, want string }{
		{`{"a":1,"ab":2,"b":"x"}`, "1|2|x"},
		{`{"a":1,"ab":2,"b":"x"}`, "1|2|x"},
		{`{"ab":3,"a":4,"b":"y"}`, "4|3|y"},
		{`{"b":"z"}`, "NULL|NULL|z"},
		{`{"a" :1,"ab": 2, "b" : "x"}`, "1|2|x"},
		{`{"a":    1,"ab":2,"b":"x"}`, "1|2|x"},
		{`{"other":{"a":9},"a":5,"another":"ab","ab":6}`, "5|6|NULL"},
		{`{"other":{"a":9},"a":5,"another":"ab","ab":6}`, "5|6|NULL"},
		{`{"a":1,"a":2,"a":3,"ab":4}`, "3|4|NULL"},
		{`{}`, "NULL|NULL|NULL"},
		{`{"a":1,"ab":2,"b":"x"}`, "1|2|x"},
	} {
		if err := d.Append(&b, []byte(c.record)); err != nil {
			t.Fatalf("%s: %v", c.record, err)
		}
		if got := showRow(&b, i); got != c.want {
			t.Errorf("%s gives %s, want %s", c.record, got, c.want)
		}
	}
}

// Records whose keys are data must neither grow the decoder nor confuse it.
func TestJSONEndlessKeys(t *testing.T) {
	d := format.NewJSON(wanted(t, "a integer"), format.Env{})
	var b column.Batch
	for i := range 5000 {
		if b.Rows == 0 || format.Full(&b) {
			d.Begin(&b)
		}
		record := fmt.Sprintf(`{"k%d":1,"a":%d,"%s%d":2}`, i, i, strings.Repeat("long", 100), i)
		if err := d.Append(&b, []byte(record)); err != nil {
			t.Fatal(err)
		}
		if got := showRow(&b, b.Rows-1); got != fmt.Sprint(i) {
			t.Fatalf("record %d gives %s", i, got)
		}
	}
	if seen := d.Seen(); len(seen.Others) != 20 || seen.Others[0] != "k0" || seen.Records != 5000 {
		t.Errorf("seen %+v", seen)
	}
}

func TestJSONSeen(t *testing.T) {
	d := format.NewJSON(wanted(t, "delay integer", "dealy integer", "gone text"), format.Env{})
	var b column.Batch
	d.Begin(&b)
	for _, record := range []string{`{"delay":1,"gone":null,"carrier":"AA"}`, `{"delay":null,"tail":{"x":1}}`, `{"delay":"x"}`} {
		_ = d.Append(&b, []byte(record))
	}
	want := format.Seen{Records: 2, NonNull: []bool{true, false, false}, Others: []string{"carrier", "tail"}}
	if got := d.Seen(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestJSONFlights(t *testing.T) {
	text, err := os.ReadFile("testdata/flights.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	fields := wanted(t, "date timestamp without time zone", "delay integer", "distance integer", "origin text", "destination text")
	d := format.NewJSON(fields, format.Env{})
	var b column.Batch
	d.Begin(&b)
	for line := range bytes.Lines(text) {
		if err := d.Append(&b, line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if got, want := showRow(&b, 0), "2001-01-01 00:02:00|39|1750|LAS|DTW"; got != want || b.Rows != 20 {
		t.Errorf("%d rows, the first %s, want %s", b.Rows, got, want)
	}
}

func TestBatchFull(t *testing.T) {
	d := format.NewJSON(wanted(t, "t text"), format.Env{})
	b := column.Batch{Columns: []*column.Vector{column.New(datum.Int4), nil}}
	for range 2 { // a batch is begun again and again, also by another schema
		d.Begin(&b)
		for !format.Full(&b) {
			if err := d.Append(&b, []byte(`{"t":"x"}`)); err != nil {
				t.Fatal(err)
			}
		}
		if b.Rows != column.BatchRows || len(b.Columns[0].Arena) != column.BatchRows || b.Columns[1] != nil {
			t.Fatalf("%d rows", b.Rows)
		}
	}
	d.Begin(&b)
	v := b.Columns[0]
	if v.Arena = make([]byte, 256<<20); format.Full(&b) {
		t.Error("full too early")
	}
	if v.Arena = make([]byte, 256<<20+1); !format.Full(&b) {
		t.Error("more than 256 MiB of text do not fill a batch")
	}
}

func TestJSONAllocatesNothing(t *testing.T) {
	fields := wanted(t, "a integer", "t text", "f double precision", "b boolean", "e text", "r real")
	d := format.NewJSON(fields, format.Env{})
	record := []byte(`{"a":-12,"x":{"y":[1,"z",{}]},"t":"grün","f":12.25,"b":true,"e":"a\tb","other":null,"r":0.1,"\u0061b":[]}`)
	var b column.Batch
	d.Begin(&b)
	one := func() {
		if format.Full(&b) {
			d.Begin(&b)
		}
		if err := d.Append(&b, record); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 * column.BatchRows {
		one()
	}
	if n := testing.AllocsPerRun(2*column.BatchRows, one); n != 0 {
		t.Errorf("%v allocations per record", n)
	}
}

// TestJSONTwins: views of an inferred stream may cast one field to several types.
func TestJSONTwins(t *testing.T) {
	d := format.NewJSON(wanted(t, "i integer", "k text", "i text", "i bigint"), format.Env{})
	var b column.Batch
	d.Begin(&b)
	for _, record := range []string{`{"i": 1, "k": "a"}`, `{"k": "b", "i": "2"}`, `{"i": 3, "i": 4}`, `{"i": null}`} {
		if err := d.Append(&b, []byte(record)); err != nil {
			t.Fatalf("%s: %v", record, err)
		}
	}
	for row, want := range []string{"1|a|1|1", "2|b|2|2", "4|NULL|4|4", "NULL|NULL|NULL|NULL"} {
		if got := showRow(&b, row); got != want {
			t.Errorf("row %d: got %s, want %s", row, got, want)
		}
	}
	if err := d.Append(&b, []byte(`{"i": 3000000000}`)); err == nil || err.Code != datum.CodeOutOfRange {
		t.Errorf("what one of the types refuses is refused: got %v", err)
	}
}
