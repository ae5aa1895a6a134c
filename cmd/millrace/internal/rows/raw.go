package rows

import (
	"encoding/hex"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// Raw writes the one column of a stream of raw records: a bytea as its bytes,
// every other type as its text. NULL is a record without a value.
type Raw struct {
	name      string
	bytea     bool
	defaulted bool // a record without a value is the default, not NULL
}

func newRaw(stream *topology.Stream, oids []uint32) *Raw {
	c := stream.Columns[0]
	return &Raw{name: c.Name, bytea: oids[0] == pgtype.ByteaOID, defaulted: c.Default != nil}
}

// Append implements [Writer].
func (w *Raw) Append(to []byte, values [][]byte) ([]byte, error) {
	v := values[0]
	switch {
	case v == nil && w.defaulted:
		return nil, unwritable("NULL", w.name, "A record without a value stands for the column's default.", "Give the column a value, or write DEFAULT.")
	case v == nil:
		return nil, nil
	case !w.bytea:
		return append(to, v...), nil
	}
	decoded, err := hex.AppendDecode(to, v[len(`\x`):])
	if err != nil {
		return nil, datum.Errorf(datum.CodeInvalidParameter, "a bytea in column %q is not printed in hexadecimal digits", w.name)
	}
	return decoded, nil
}
