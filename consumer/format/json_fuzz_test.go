package format_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
)

// FuzzJSON holds the decoder against encoding/json: it accepts just the objects
// that are valid there, less what the package comment refuses, and gives text
// columns the same values. Each record is decoded twice by one decoder, with its
// keys unknown and known, behind a record of other keys.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":"x","b":1,"c":[1,2,{"a":null}]}`, `{"a":"\u00e9\ud83d\ude00\n","é":{}}`, `{"\u0061":-1.5e+7 , "b":true}`,
		"\xEF\xBB\xBF{\"a\":null}", `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"a":01}`, `{"a":1,"a":"x","b":"long enough for eight bytes"}`,
		`{"c":"0123456\"","b":"01234567\u0000"}`, ` [1]`, `{"a":[[[[]]],{"b":{}}]} x`, `{"c":` + strings.Repeat("[", 1001),
		`{"x":1234567890.25,"yy":true,"zzzz":"sixteen bytes and more","c":-0.5e3,"x":0,"a":12345678}`,
		"{\n  \"a\": 12.5 ,\n  \"x\": \"\u00e4 long one with \\u00e4\",\n  \"a rather long key\": false\n}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		names := []string{"a", "b", "c"}
		d := format.NewJSON(wanted(t, "a text", "b text", "c text"), format.Env{})
		var b column.Batch
		d.Begin(&b)
		for range 2 {
			if err := d.Append(&b, []byte(`{"c":"before","x":2,"a":"before"}`)); err != nil {
				t.Fatal(err)
			}
			want, valid := oracle(record)
			err := d.Append(&b, record)
			if (err == nil) != valid {
				t.Fatalf("%q: valid %v, but %v", record, valid, err)
			}
			if err != nil {
				if err.Code == datum.CodeInvalidText && !utf8.Valid(record) {
					t.Errorf("%q: %v, although it is not UTF-8", record, err)
				}
				continue
			}
			for i, name := range names {
				if got := show(b.Columns[i], b.Rows-1); got != textOf(want[name]) {
					t.Errorf("%q: %s is %q, want %q", record, name, got, textOf(want[name]))
				}
			}
		}
		for row := 0; row < b.Rows; row++ {
			if first := showRow(&b, row); strings.HasPrefix(first, "before|NULL|before") {
				return
			}
		}
		t.Errorf("%q: the record before it was lost", record)
	})
}

// oracle decodes a record with encoding/json; valid is what the decoder should
// think of it.
func oracle(record []byte) (fields map[string]json.RawMessage, valid bool) {
	if !utf8.Valid(record) {
		return nil, false
	}
	record = bytes.TrimPrefix(record, []byte("\xEF\xBB\xBF"))
	if !json.Valid(record) || refused(record) || json.Unmarshal(record, &fields) != nil || fields == nil {
		return nil, false
	}
	return fields, true
}

// refused reports whether valid JSON has something that the decoder refuses: NUL
// or half a surrogate pair, which encoding/json turns into U+FFFD, or it is too deep.
func refused(record []byte) bool {
	depth, inString, high := 0, false, false
	for i := 0; i < len(record); i++ {
		c := record[i]
		if !inString {
			switch c {
			case '{', '[':
				if depth++; depth > format.MaxDepth {
					return true
				}
			case '}', ']':
				depth--
			case '"':
				inString = true
			}
			continue
		}
		if c == '\\' && record[i+1] == 'u' {
			code := strings.ToLower(string(record[i+2 : i+6]))
			low := code >= "dc00" && code <= "dfff"
			if code == "0000" || low != high {
				return true
			}
			high = code >= "d800" && code <= "dbff"
			i += 5
			continue
		}
		if high {
			return true
		}
		if c == '\\' {
			i++
		}
		inString = inString && c != '"'
	}
	return false
}

// textOf is what a text column has for a field.
func textOf(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return "NULL"
	}
	var s string
	if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// FuzzJSONNumbers holds the short ways to read a number against the types' input
// functions, which the same text in a string goes through.
func FuzzJSONNumbers(f *testing.F) {
	for _, seed := range []string{
		"0", "-0", "12", "-12.50", "0.1", "123456789012345", "0.123456789012345", "999999999999999999",
		"1e3", "16777217", "16777216.000001", "2147483648", "-32769", "9223372036854775808", "1.00000017881393432617187499",
	} {
		f.Add([]byte(seed))
	}
	columns := func(name string) []string {
		return []string{
			name + " smallint", name + " integer", name + " bigint", name + " real", name + " double precision",
			name + " numeric", name + " text",
		}
	}
	f.Fuzz(func(t *testing.T, number []byte) {
		if !json.Valid(number) || len(bytes.TrimLeft(number, "-0123456789.eE+")) > 0 {
			return
		}
		for _, c := range columns("n") {
			d := format.NewJSON(wanted(t, c), format.Env{})
			var b column.Batch
			d.Begin(&b)
			err := d.Append(&b, []byte(`{"n":`+string(number)+`}`))
			slow := d.Append(&b, []byte(`{"n":"`+string(number)+`"}`))
			switch {
			case (err == nil) != (slow == nil), err != nil && *err != *slow:
				t.Errorf("%s %q: %v, but as a string %v", c, number, err, slow)
			case err == nil && show(b.Columns[0], 0) != show(b.Columns[0], 1):
				t.Errorf("%s %q: %s, but as a string %s", c, number, show(b.Columns[0], 0), show(b.Columns[0], 1))
			}
		}
	})
}

// FuzzJSONTimes holds the short way to read dates and timestamps against datum.
func FuzzJSONTimes(f *testing.F) {
	for _, seed := range []string{
		"2001-01-01 00:02:00", "2024-02-29T23:59:59.999999Z", "1900-02-29 00:00:00", "0001-01-01", "0000-01-01",
		"9999-12-31 23:59:60", "2001-01-01 24:00:00", "2001-01-01 00:00:00.Z", "2001-01-01 00:00:00.1234567", "2001-04-31", "2001-01-01 00:00:00z",
		"2001-01-01 00:00:00+02", "2001-01-01 00:00:00.5-05:30", "2001-01-01T00:00:00+15:59", "2001-01-01 00:00:00+16", "0001-01-01 00:00:00+01:60",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return
		}
		quoted, _ := json.Marshal(text)
		record := []byte(`{"d":` + string(quoted) + `,"d":` + string(quoted) + `}`)
		check := func(typeName string, want int64, wantErr *datum.Error) {
			d := format.NewJSON(wanted(t, "d "+typeName), format.Env{})
			var b column.Batch
			d.Begin(&b)
			err := d.Append(&b, record)
			switch {
			case (err == nil) != (wantErr == nil), err != nil && (err.Code != wantErr.Code || err.Message != wantErr.Message):
				t.Errorf("%s %q: %v, want %v", typeName, text, err, wantErr)
			case err == nil && b.Columns[0].Ints[0] != want:
				t.Errorf("%s %q: %d, want %d", typeName, text, b.Columns[0].Ints[0], want)
			}
		}
		days, err := datum.ParseDate([]byte(text))
		check("date", days, err)
		ts, err := datum.ParseTimestamp([]byte(text))
		check("timestamp without time zone", ts, err)
		ts, err = datum.ParseTimestampTZ([]byte(text), time.UTC)
		check("timestamp with time zone", ts, err)
	})
}
