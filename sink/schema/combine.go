package schema

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/datum"
)

// combined is what the view of a write_optimized view reads instead of the
// table: a sub-select with the table's columns in which the rows that several
// shards hold of a group are one. So the plan's SQL means the same over either.
//
// It groups by the keys, so that PostgreSQL takes a condition on a key down to
// the table and its indexes (a condition on min(key) would stay above, and read
// all), and by the hash. The keys alone would do almost: PostgreSQL's = of every
// type that can be a key is the equality of canonical keys (1.0 and 1.00, 30
// days and 1 mon, -0 and 0 are one; text is compared by bytes; NULL is a
// value). But a group whose keys the database cannot take stands there in error
// with NULL in their place, and must not spoil the group that has NULL.
//
// What tells equal keys apart (k::text of 1.0 and 1.00) is not for a condition:
// it is taken down too and leaves rows of the group out, as PostgreSQL does it
// with a HAVING over any table.
//
// Where one shard's state is in error, the group is. Without GROUP BY there is
// one row, also of an empty table.
func (d *ddl) combined() string {
	var columns, by []string
	for _, k := range d.spec.Plan.Keys {
		columns = append(columns, quote(k.Column))
	}
	if len(columns) > 0 {
		by = append(append(by, columns...), HashColumn)
	}
	for _, a := range d.spec.Plan.Aggregates {
		for i, s := range a.Function.States {
			name := quote(a.Columns[i])
			columns = append(columns, combine(s, name)+" AS "+name)
		}
	}
	columns = append(columns, fmt.Sprintf("pg_catalog.max(%[1]s) AS %[1]s", ErrorColumn))
	sql := fmt.Sprintf("SELECT\n\t\t%s\n\tFROM %s", strings.Join(columns, ",\n\t\t"), d.table)
	if len(by) > 0 {
		sql += "\n\tGROUP BY " + strings.Join(by, ", ")
	}
	return "(\n\t" + sql + "\n) AS combined"
}

// combine is the SQL of a merge rule over all of a group's rows. PostgreSQL's
// sum of a bigint is a numeric: cast back, it is out of range (22003) where the
// upsert's addition would be. The other types' sums are of their own type.
func combine(s agg.State, name string) string {
	var sql string
	switch {
	case s.Merge == agg.MergeAdd:
		sql = fmt.Sprintf("pg_catalog.sum(%s)::%v", name, s.Type)
	case s.Merge == agg.MergeMin && s.Type == datum.Bool:
		sql = fmt.Sprintf("pg_catalog.bool_and(%s)", name)
	case s.Merge == agg.MergeMin:
		sql = fmt.Sprintf("pg_catalog.min(%s)", name)
	case s.Merge == agg.MergeMax && s.Type == datum.Bool:
		sql = fmt.Sprintf("pg_catalog.bool_or(%s)", name)
	case s.Merge == agg.MergeMax:
		sql = fmt.Sprintf("pg_catalog.max(%s)", name)
	default:
		panic(fmt.Sprintf("bug: merge rule %d", s.Merge))
	}
	if s.Zero == "NULL" {
		return sql
	}
	return fmt.Sprintf("COALESCE(%s, %s)", sql, s.Zero) // of no row at all
}
