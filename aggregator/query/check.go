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
	case present("cteList"):
		return c.refuse(all, []string{"with"}, streamAlone, "WITH is not supported in a continuous view")
	case q.flag("hasWindowFuncs"):
		return c.refuse(all, []string{"over"}, "Use window functions in a SELECT over the continuous view.",
			"window functions are not supported in a continuous view")
	case q.flag("hasSubLinks"):
		return c.fail(c.subSelect(), datum.CodeFeatureNotSupported, streamAlone, "sub-SELECTs are not supported in a continuous view")
	case q.flag("hasDistinctOn"):
		return c.refuse(c.list, []string{"distinct"}, "Use GROUP BY with min or max.", "DISTINCT ON is not supported in a continuous view")
	case present("distinctClause"):
		return c.refuse(c.list, []string{"distinct"}, "Use GROUP BY.", "SELECT DISTINCT is not supported in a continuous view")
	case present("groupingSets"):
		return c.refuse(c.group, []string{"grouping", "cube", "rollup", "group"}, "Make a view for each GROUP BY.",
			"grouping sets are not supported in a continuous view")
	case present("rowMarks"):
		return c.refuse(c.rest, []string{"for"}, "Leave it out.", "FOR UPDATE is not supported in a continuous view")
	case present("sortClause"):
		return c.refuse(c.rest, []string{"order"}, "Write ORDER BY where you read the view.",
			"ORDER BY is not supported in a continuous view")
	case present("limitCount"), present("limitOffset"):
		return c.refuse(c.rest, []string{"limit", "offset", "fetch"}, "Write LIMIT where you read the view.",
			"LIMIT and OFFSET are not supported in a continuous view")
	}
	if at, ok := c.star(); ok {
		return c.fail(at, datum.CodeFeatureNotSupported, "List the columns that you group by and the aggregates.",
			"SELECT * is not supported in a continuous view")
	}
	return b.checkFrom()
}

const streamAlone = "A continuous view reads from one stream; join and nest where you read the view."

// range table entry kinds, by nodes/parsenodes.h.
const (
	rteRelation = "0"
	rteSubquery = "1"
	rteFunction = "3"
	rteGroup    = "9" // PostgreSQL 18's GROUP BY expressions
)

// checkFrom finds the stream in FROM and refuses everything else.
func (b *builder) checkFrom() error {
	c := b.places
	items := b.query.child("jointree").nodes("fromlist")
	if len(items) == 0 {
		return c.fail(0, datum.CodeFeatureNotSupported, "Add FROM stream.", "a continuous view needs a stream to read from")
	}
	if len(items) > 1 || items[0].tag != "RANGETBLREF" {
		return c.refuse(c.from, []string{"join", ","}, streamAlone,
			"joins are not supported in a continuous view")
	}
	b.stream = items[0].text("rtindex")
	at := min(c.from.from+1, len(c.tokens))
	entry := b.rangeEntry(b.stream)
	if entry == nil {
		return broken("no range table entry for FROM")
	}
	switch entry.text("rtekind") {
	case rteRelation:
	case rteSubquery:
		return c.fail(c.subSelect(), datum.CodeFeatureNotSupported, streamAlone, "sub-SELECTs are not supported in a continuous view")
	case rteFunction:
		return c.fail(at, datum.CodeFeatureNotSupported, streamAlone, "functions in FROM are not supported in a continuous view")
	default:
		return c.fail(at, datum.CodeFeatureNotSupported, streamAlone, "only a stream can stand in FROM of a continuous view")
	}
	if entry.oid("relid") != b.analysis.Relation {
		name := ""
		if alias := entry.child("eref"); alias != nil {
			name = alias.text("aliasname")
		}
		return c.fail(at, datum.CodeWrongObjectType, "A continuous view reads from a stream: CREATE STREAM makes one.",
			"\"%s\" is not a stream", name)
	}
	if entry.get("tablesample").kind != kindNull {
		return c.refuse(c.from, []string{"tablesample"}, "Use WHERE.", "TABLESAMPLE is not supported in a continuous view")
	}
	return nil
}

// rangeEntry returns a range table entry by its number from 1, as text.
func (b *builder) rangeEntry(index string) *node {
	entries := b.query.nodes("rtable")
	for i := range entries {
		if itoa(i+1) == index {
			return &entries[i]
		}
	}
	return nil
}

// broken is the error of a tree that this package does not understand: a newer
// PostgreSQL than it knows.
func broken(what string) *datum.Error {
	err := datum.Errorf("XX000", "PostgreSQL's analysed tree is not understood: %s", what)
	err.Hint = "Millrace knows PostgreSQL 15 to 18."
	return err
}
