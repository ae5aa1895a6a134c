package evaluate

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
)

// collector gathers what the pieces of a batch return.
type collector struct {
	formats []int16 // of the result columns
	rows    []int32
	results []*column.Vector
	failed  []aggregator.RowFailure
	passed  bool // some row was evaluated

	piece  piece
	first  int      // of the piece's rows in rows
	void   [][2]int // stretches of rows whose piece failed in its midst
	sorted bool
}

func newCollector(program *query.Remote, fields []pgconn.FieldDescription) *collector {
	c := &collector{formats: make([]int16, len(fields)), results: make([]*column.Vector, len(program.Results)), sorted: true}
	c.formats[0] = binaryFormat
	for i, r := range program.Results {
		c.results[i] = column.New(r.Type)
		c.formats[i+1] = formatOf(r.Type)
	}
	return c
}

// checkResults compares what PostgreSQL says that a statement returns with what the
// plan was made for.
func checkResults(program *query.Remote, fields []pgconn.FieldDescription) error {
	if len(fields) != 1+len(program.Results) {
		return &ProgramError{&datum.Error{Code: codeStaleResult, Message: fmt.Sprintf("the view's expressions return %d columns, where they were %d when it was created", len(fields)-1, len(program.Results))}}
	}
	for i, r := range program.Results {
		if have := fields[i+1].DataTypeOID; r.OID != 0 && have != r.OID && !native(r.Type, have) {
			return &ProgramError{&datum.Error{
				Code:    codeStaleResult,
				Message: fmt.Sprintf("%s is not of type %s any more, as it was when the view was created", r.Text, r.SQLType),
				Hint:    "Replace the view.",
			}}
		}
	}
	return nil
}

// native reports whether a column of the OID has the vector's type: a domain's
// values are described as its base type's.
func native(t datum.Type, oid uint32) bool {
	known, ok := datum.TypeOf(oid)
	return ok && known == t
}

// begin says whose rows come next.
func (c *collector) begin(p piece) { c.piece, c.first = p, len(c.rows) }

// add takes a row.
func (c *collector) add(values [][]byte) error {
	if len(values) != 1+len(c.results) || len(values[0]) != 4 {
		return fmt.Errorf("bug: a row program returned a row of %d columns", len(values))
	}
	n := int(int32(binary.BigEndian.Uint32(values[0])))
	if n < 1 || n > c.piece.rows() {
		return fmt.Errorf("bug: a row program of %d rows returned row %d", c.piece.rows(), n)
	}
	row := int32(c.piece.from + n - 1)
	if len(c.rows) > 0 && c.rows[len(c.rows)-1] > row {
		c.sorted = false
	}
	c.rows = append(c.rows, row)
	for i, v := range c.results {
		if values[i+1] == nil {
			v.AppendNull()
			continue
		}
		if err := appendValue(v, values[i+1]); err != nil {
			for _, rest := range c.results[i:] { // all of one length
				rest.AppendNull()
			}
			return err
		}
	}
	return nil
}

// complete ends a piece that was evaluated.
func (c *collector) complete(program *query.Remote) error {
	if n := len(c.rows) - c.first; !c.piece.probe && !program.Expands && n != c.piece.rows() {
		return fmt.Errorf("bug: a row program returned %d rows for %d", n, c.piece.rows())
	}
	c.passed = true
	return nil
}

// drop takes back what came of a piece before it failed.
func (c *collector) drop() {
	if len(c.rows) > c.first {
		c.void = append(c.void, [2]int{c.first, len(c.rows)})
	}
}

// evaluated returns everything in order of the rows.
func (c *collector) evaluated() *aggregator.Evaluated {
	slices.SortFunc(c.failed, func(a, b aggregator.RowFailure) int { return cmp.Compare(a.Row, b.Row) })
	if c.sorted && len(c.void) == 0 {
		return &aggregator.Evaluated{Rows: c.rows, Results: c.results, Failed: c.failed}
	}
	order := make([]int32, 0, len(c.rows))
	from := 0
	for _, v := range append(c.void, [2]int{len(c.rows), len(c.rows)}) {
		for ; from < v[0]; from++ {
			order = append(order, int32(from))
		}
		from = v[1]
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(c.rows[a], c.rows[b]) })
	out := &aggregator.Evaluated{Rows: make([]int32, len(order)), Failed: c.failed}
	for i, at := range order {
		out.Rows[i] = c.rows[at]
	}
	for _, v := range c.results {
		sorted := column.New(v.Type)
		column.Gather(sorted, v, order)
		out.Results = append(out.Results, sorted)
	}
	return out
}
