package sink_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/sink"
)

// sentValues are values of the types that TestMergeRules does not send.
var sentValues = map[datum.Type][]string{
	datum.Bytea: {"", `\x00ff`, "abc"},
	datum.UUID:  {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{00000000000000000000000000000000}"},
	datum.JSON:  {"null", `{"b":1, "a" :[1.0,"\u0041"]}`, `"x"`},
	datum.JSONB: {"null", `{"b":1, "a" :[1.0,"\u0041"]}`, `"x"`, "1e3"},
	datum.Cidr:  {"10", "::1/128", "0.0.0.0/0"},
}

// TestEveryTypeIsSent: what a fold's parameters bring over of each type, and of arrays
// of it, is the value.
func TestEveryTypeIsSent(t *testing.T) {
	url := newDatabase(t, "")
	for _, typ := range datum.AllTypes() {
		values := sentValues[typ]
		if values == nil {
			values = mergeValues[typ]
		}
		if typ.IsArray() {
			values = arraysOf(append(sentValues[typ.Elem()], mergeValues[typ.Elem()]...))
		}
		t.Run(typ.String(), func(t *testing.T) {
			v := vectorOf(t, typ, append(values, "NULL")...)
			got := sink.SendVector(t, context.Background(), url, v, fmt.Sprintf("format('%%s', x::%v)", typ))
			for row, text := range got {
				want := ""
				if !v.IsNull(row) {
					want = string(datum.AppendOutput(nil, typ, v.Value(nil, row), nil))
				}
				if text == nil || *text != want {
					t.Errorf("row %d: %s, want %s", row, *text, want)
				}
			}
		})
	}
}

// arraysOf makes arrays of texts.
func arraysOf(values []string) []string {
	var quoted []string
	for _, s := range values {
		if s != "NULL" {
			s = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
		}
		quoted = append(quoted, s)
	}
	all := strings.Join(quoted, ",")
	return []string{"{}", "{" + all + "}", "{{" + all + "},{" + all + "}}", fmt.Sprintf("[-1:%d]={%s}", len(quoted)-2, all)}
}
