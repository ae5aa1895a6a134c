// Package ndjson looks at the first lines of what is produced, to warn a person
// whose records will not be what the stream declares.
package ndjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	// SampleBytes is how much of the input is looked at, at most.
	SampleBytes = 64 << 10
	sampleLines = 20
	namesShown  = 8
)

// Mismatch says what is wrong with a sample of lines where none of them has any
// of the columns, "" where one does. The last line may be cut off.
func Mismatch(sample []byte, columns []string) string {
	lines := bytes.Split(sample, []byte("\n"))
	looked, objects := 0, 0
	seen := map[string]bool{}
	for i, line := range lines {
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
		var object map[string]json.RawMessage
		bad := json.Unmarshal(line, &object) != nil
		if len(line) == 0 || bad && i == len(lines)-1 {
			continue
		}
		if looked++; looked > sampleLines {
			looked--
			break
		}
		if bad || object == nil {
			continue
		}
		objects++
		for name := range object {
			if slices.Contains(columns, name) {
				return ""
			}
			seen[name] = true
		}
	}
	switch {
	case looked == 0 || len(columns) == 0:
		return ""
	case objects == 0:
		return fmt.Sprintf("none of the first %d lines is a JSON object: such records become dead letters", looked)
	}
	return fmt.Sprintf("none of the first %d lines has a declared column (%s): all will be NULL; their fields are %s",
		looked, names(columns), names(slices.Sorted(maps.Keys(seen))))
}

func names(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	more := ""
	if len(all) > namesShown {
		all, more = all[:namesShown], ", …"
	}
	return strings.Join(all, ", ") + more
}
