package rows

import (
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/millrace/millrace/topology"
)

func TestJSON(t *testing.T) {
	w, err := For(&topology.Stream{Format: "json"}, []string{"b", `q"`, "n", "j", "t"},
		[]uint32{pgtype.BoolOID, pgtype.TextOID, pgtype.NumericOID, pgtype.JSONBOID, pgtype.TimestampOID})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		row  [][]byte
		want string
	}{
		{row("t", "plain", "1.50", `{"a": [1]}`, "2001-02-03 04:05:06"), `{"b":true,"q\"":"plain","n":1.50,"j":{"a": [1]},"t":"2001-02-03 04:05:06"}`},
		{row("f", "", "NaN", `"x"`, "infinity"), `{"b":false,"q\"":"","n":"NaN","j":"x","t":"infinity"}`},
		{row("NULL", "NULL", "NULL", "NULL", "NULL"), `{"b":null,"q\"":null,"n":null,"j":null,"t":null}`},
		{row("t", "\x01\n\t\r\"\\/\x7f ü😀", "-0.5", "[null]", "x"), `{"b":true,"q\"":"\u0001\n\t\r\"\\/` + "\\u007f" + ` ü😀","n":-0.5,"j":[null],"t":"x"}`},
		{row("t", "", "-Infinity", "1e5", ""), `{"b":true,"q\"":"","n":"-Infinity","j":1e5,"t":""}`},
		{row("t", "", "1e+20", "1", ""), `{"b":true,"q\"":"","n":1e+20,"j":1,"t":""}`},
	} {
		got, err := w.Append([]byte("before"), c.row)
		if err != nil || string(got) != "before"+c.want || !json.Valid([]byte(c.want)) {
			t.Errorf("wrote %s, %v, want %s", got, err, c.want)
		}
	}
	none, _ := For(&topology.Stream{Format: "json"}, nil, nil)
	if got, err := none.Append(nil, nil); err != nil || string(got) != "{}" {
		t.Errorf("no columns: %s, %v", got, err)
	}
	lines, _ := For(&topology.Stream{Format: "ndjson"}, []string{"j", "t"}, []uint32{pgtype.JSONOID, pgtype.TextOID})
	if got, err := lines.Append(nil, row("{\n\"a\":\r\n1}", "x\ny")); err != nil || string(got) != `{"j":{ "a":  1},"t":"x\ny"}` {
		t.Errorf("one line: %s, %v", got, err)
	}
}

// row makes a row; NULL is a NULL.
func row(values ...string) [][]byte {
	all := make([][]byte, len(values))
	for i, v := range values {
		if v != "NULL" {
			all[i] = []byte(v)
		}
	}
	return all
}

func TestUnknownFormat(t *testing.T) {
	if _, err := For(&topology.Stream{Name: "s", Format: "avro"}, nil, nil); err == nil || err.Error() == "" {
		t.Error("a format that nobody writes was taken")
	}
}
