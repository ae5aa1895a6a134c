package schema

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
)

// maxIndexColumns is PostgreSQL's INDEX_MAX_KEYS.
const maxIndexColumns = 32

// indexes returns the statements that make reads by group columns fast, for
// column types where an index cannot fail: a row whose index entry is over 2,704
// bytes stops a btree, and a fold with it.
//
//   - An append-only view has no group columns: what is worth an index is the
//     user's to say.
//   - Keys of a fixed width share one btree, in GROUP BY order.
//   - A long key (text, numeric, jsonb, an array, …) that is the only key has a hash index, whose
//     entries are four bytes.
//   - Among several keys the first text one has an SP-GiST index (a trie, which
//     takes values of any length). A hash index would have one chain of pages
//     for each value that many groups share, and walk it for every new group:
//     200,000 groups over four values took 60 % longer for the second half
//     than for the first, SP-GiST half as long and the same for both.
//
// Updates of a fold never change a key, so they write no index. Other indexes
// are the user's to add.
func (d *ddl) indexes() []string {
	if d.spec.Plan.AppendOnly {
		return nil
	}
	var fixed []string
	var text, long string
	keys := 0
	for _, k := range d.spec.Plan.Keys {
		if k.Origin != query.Evaluated {
			continue // the number of a grouping set tells few rows apart
		}
		keys++
		switch t := k.Expr.Type(); {
		case t == datum.Text:
			text, long = first(text, k.Column), first(long, k.Column)
		case t.IsArray(), t == datum.Numeric, t == datum.Bpchar, t == datum.Bytea, t == datum.JSONB:
			long = first(long, k.Column)
		default:
			fixed = append(fixed, quote(k.Column))
		}
	}
	var all []string
	if len(fixed) > 0 {
		fixed = fixed[:min(len(fixed), maxIndexColumns)]
		all = append(all, fmt.Sprintf("CREATE INDEX ON %s (%s)", d.table, strings.Join(fixed, ", ")))
	}
	switch {
	case long != "" && keys == 1:
		all = append(all, fmt.Sprintf("CREATE INDEX ON %s USING hash (%s)", d.table, long))
	case text != "":
		all = append(all, fmt.Sprintf("CREATE INDEX ON %s USING spgist (%s)", d.table, text))
	}
	return all
}

// first returns the quoted name unless an earlier one was found.
func first(found, name string) string {
	if found != "" {
		return found
	}
	return quote(name)
}
