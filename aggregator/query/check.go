package query

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// checkQuery refuses the clauses that a continuous view cannot have or that are
// not built yet. What remains is SELECT … FROM stream WHERE … GROUP BY … HAVING ….
func (b *builder) checkQuery() error {
	q, c := b.query, b.places
	present := func(field string) bool { return q.get(field).kind != kindNull }
	all := c.all()
	switch {
	case present("setOperations"):
		at, _ := c.find(c.rest, "union", "intersect", "except")
		return c.fail(at, datum.CodeFeatureNotSupported, "Make a view of each SELECT.",
			"%s is not supported in a continuous view", strings.ToUpper(c.tokens[at].Text))
	case q.flag("hasWindowFuncs"):
		return c.refuse(all, []string{"over"}, "Use window functions in a SELECT over the continuous view.",
			"window functions are not supported in a continuous view")
	case present("rowMarks"):
		return c.refuse(c.rest, []string{"for"}, "Leave it out.", "FOR UPDATE is not supported in a continuous view")
	}
	if at, ok := c.star(); ok && b.aggregates() {
		return c.fail(at, datum.CodeFeatureNotSupported, "List the columns that you group by and the aggregates.",
			"SELECT * with GROUP BY is not supported in a continuous view")
	}
	return b.checkFrom()
}

// range table entry kinds, by nodes/parsenodes.h.
const (
	rteRelation = "0"
	rteSubquery = "1"
	rteGroup    = "9" // PostgreSQL 18's GROUP BY expressions
)

// rangeEntry returns a range table entry by its number from 1, as text.
func (b *builder) rangeEntry(index string) *node { return rangeEntry(b.query, index) }

// broken is the error of a tree that this package does not understand: a newer
// PostgreSQL than it knows.
func broken(what string) *datum.Error {
	err := datum.Errorf("XX000", "PostgreSQL's analysed tree is not understood: %s", what)
	err.Hint = "Millrace knows PostgreSQL 15 to 18."
	return err
}
