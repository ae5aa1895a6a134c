package rows

import (
	"fmt"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// Writer writes rows as records. It belongs to one goroutine.
type Writer interface {
	// Append appends a row's record; a nil value is NULL.
	Append(to []byte, values [][]byte) []byte
}

// For returns the writer of a stream's records. The columns are all of the
// stream's declared ones, with their types, domains' as what they are over.
func For(stream *topology.Stream, names []string, oids []uint32) (Writer, error) {
	switch stream.Format {
	case "json":
		return NewJSON(names, oids), nil
	}
	return nil, &datum.Error{
		Code:    datum.CodeFeatureNotSupported,
		Message: fmt.Sprintf("cannot write rows into stream %q: its records are %s", stream.Name, stream.Format),
		Hint:    "Produce records to its topic, as `millrace produce` does.",
	}
}
