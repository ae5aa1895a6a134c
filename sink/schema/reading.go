package schema

import (
	"strconv"
	"strings"

	"github.com/millrace/millrace/aggregator/query"
)

// distinct is what stands behind SELECT in the definition of v.
func distinct(r *query.Reading) string {
	switch {
	case r.Distinct:
		return " DISTINCT"
	case len(r.DistinctOn) > 0:
		return " DISTINCT ON (" + sorts(r.DistinctOn) + ")"
	}
	return ""
}

// ordered is what stands at the end of the definition of v.
func ordered(r *query.Reading) string {
	var sql strings.Builder
	if len(r.Order) > 0 {
		sql.WriteString("\nORDER BY " + sorts(r.Order))
	}
	if r.Offset != "" {
		sql.WriteString("\nOFFSET (" + r.Offset + ")")
	}
	switch {
	case r.WithTies:
		sql.WriteString("\nFETCH FIRST (" + r.Limit + ") ROWS WITH TIES")
	case r.Limit != "":
		sql.WriteString("\nLIMIT (" + r.Limit + ")")
	}
	return sql.String()
}

// sorts writes what rows are sorted by. A column of v is meant by its number, which
// is guarded as the column is.
func sorts(all []query.Sort) string {
	texts := make([]string, len(all))
	for i, s := range all {
		switch {
		case s.Output > 0:
			texts[i] = strconv.Itoa(s.Output)
		case s.Key:
			texts[i] = s.SQL
		default:
			texts[i] = guarded(s.SQL, s.Type)
		}
		if s.Direction != "" {
			texts[i] += " " + s.Direction
		}
	}
	return strings.Join(texts, ", ")
}
