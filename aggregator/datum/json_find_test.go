package datum

import (
	"encoding/json"
	"testing"
)

// FuzzJSONPath looks up paths in any json: the same one in json and in jsonb.
func FuzzJSONPath(f *testing.F) {
	f.Add(`{"a": [1, {"b": null}], "a": {"c": "\u00e9"}}`, "a", "c", int64(-1))
	f.Add(` [[], {}, "x"] `, "0", "", int64(2))
	f.Fuzz(func(t *testing.T, text, first, second string, index int64) {
		v := []byte(text)
		if CheckJSON(v) != nil {
			return
		}
		var p JSONPath
		p.Index(index)
		if value, ok, err := p.JSON(v); err == nil && ok && !json.Valid(value) {
			t.Fatalf("%q -> %d is %q", text, index, value)
		}
		var b ArrayBuilder
		b.Begin(nil, []int32{2}, []int32{1})
		b.Element([]byte(first))
		b.Element([]byte(second))
		p.Keys(b.Bytes)
		value, ok, err := p.JSON(v)
		if err != nil {
			return
		}
		if ok && !json.Valid(value) {
			t.Fatalf("%q #> {%q,%q} is %q", text, first, second, value)
		}
		binary, bad := AppendJSONB(nil, v)
		if bad != nil {
			return
		}
		if _, has := p.JSONB(binary); has && !ok {
			t.Fatalf("%q #> {%q,%q} is there in jsonb alone", text, first, second)
		}
		if !JSONBContains(binary, binary) {
			t.Fatalf("%q does not contain itself", binary)
		}
	})
}
