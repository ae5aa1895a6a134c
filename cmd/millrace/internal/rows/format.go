package rows

import (
	"fmt"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// Writer writes rows as records. It belongs to one goroutine.
type Writer interface {
	// Append appends a row's record to what to holds and returns it; a nil value
	// is NULL. A record that has no value is nil. An error is about a value that
	// the format has no way to write.
	Append(to []byte, values [][]byte) ([]byte, error)
}

// For returns the writer of a stream's records. The columns are all of the
// stream's declared ones, with their types, domains' as what they are over.
func For(stream *topology.Stream, names []string, oids []uint32) (Writer, error) {
	switch stream.Format {
	case "json":
		return NewJSON(names, oids), nil
	case "ndjson":
		w := NewJSON(names, oids)
		w.oneLine = true
		return w, nil
	case "csv", "text":
		return newCopy(stream, names), nil
	case "raw":
		return newRaw(stream, oids), nil
	}
	return nil, &datum.Error{
		Code:    datum.CodeFeatureNotSupported,
		Message: fmt.Sprintf("cannot write rows into stream %q: its records are %s", stream.Name, stream.Format),
		Hint:    "Produce records to its topic, as `millrace produce` does.",
	}
}

// unwritable is the error of a value that a stream's format cannot tell from
// another one.
func unwritable(what, column, why, hint string) error {
	return &datum.Error{
		Code: datum.CodeInvalidParameter, Message: fmt.Sprintf("%s in column %q cannot be written in the stream's format", what, column),
		Detail: why, Hint: hint,
	}
}
