// Package flights holds 200,000 real flights as JSON lines, for the demo, tests
// and benchmarks. README.md says where they are from.
package flights

import (
	"compress/gzip"
	_ "embed" // the compiler puts the file into the binary
	"fmt"
	"io"
	"strings"
)

// Count is how many flights there are.
const Count = 200_000

// compressed is set by the compiler and never changes.
//
//go:embed flights.ndjson.gz
var compressed string

// Lines returns the flights, one JSON object a line.
func Lines() (io.Reader, error) {
	lines, err := gzip.NewReader(strings.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("decompress the flights: %w", err)
	}
	return lines, nil
}
