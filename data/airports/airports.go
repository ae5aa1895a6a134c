// Package airports holds the airports of the United States as CSV with a header,
// for joins with the flights. README.md says where they are from.
package airports

import (
	_ "embed" // the compiler puts the file into the binary
	"io"
	"strings"
)

// Count is how many airports there are.
const Count = 3_376

// Columns are the file's, as SQL declares them.
const Columns = "iata text, name text, city text, state text, country text, latitude double precision, longitude double precision"

// file is set by the compiler and never changes.
//
//go:embed airports.csv
var file string

// CSV returns the file: a line of names, then one for each airport.
func CSV() io.Reader { return strings.NewReader(file) }
