package ndjson

import (
	"strings"
	"testing"
)

func TestMismatch(t *testing.T) {
	columns := []string{"url", "ms"}
	for _, c := range []struct{ name, sample, says string }{
		{"fits", `{"url": 1}` + "\n", ""},
		{"a later line fits", "{\"x\": 1}\n{\"ms\": 1}\n", ""},
		{"nothing", "\n \n", ""},
		{"no column", "{\"uri\": 1}\n{\"Ms\": 2}\n", "none of the first 2 lines has a declared column (url, ms): all will be NULL; their fields are Ms, uri"},
		{"no fields", "{}\n", "their fields are none"},
		{"no objects", "a,b\n1,2\n", "none of the first 2 lines is a JSON object"},
		{"an array", "[1]\n", "is a JSON object"},
		{"cut off", `{"uri": 1}` + "\n" + `{"ur`, "first 1 lines"},
		{"one line without an end", `{"uri": 1}`, "first 1 lines"},
		{"only a part of a line", `{"uri": "aaaa`, ""},
		{"byte order mark", "\xef\xbb\xbf{\"url\": 1}\n", ""},
		{"many lines", strings.Repeat("{\"a\": 1}\n", 1000), "first 20 lines"},
	} {
		if got := Mismatch([]byte(c.sample), columns); (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	if got := Mismatch([]byte("{\"a\": 1}\n"), nil); got != "" {
		t.Errorf("a stream without columns of its own: %q", got)
	}
}
