package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// selection is a generated SELECT in parts that can be left out.
type selection struct {
	with, distinct, from string
	items                []item
	where, having        []string
	keys                 []groupKey
	sets                 string // ROLLUP, CUBE, GROUPING SETS; "" for none
	grouped              bool
	order                string // "all": by all that is selected
	limit                int
	stream               string
	dead                 map[string][]int // ids of the records that PostgreSQL raises an error for, by SQLSTATE
}

// item is one of the select list.
type item struct {
	sql           string
	loose, approx bool
}

// groupKey is one of GROUP BY: as its text, as an ordinal or as an alias.
type groupKey struct {
	sql string
	by  int
}

// sql writes the SELECT.
func (s *selection) sql() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sSELECT %s", s.with, s.distinct)
	for i, it := range s.items {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s AS o%d", it.sql, i+1)
	}
	fmt.Fprintf(&b, "\nFROM %s", s.from)
	if len(s.where) > 0 {
		b.WriteString("\nWHERE " + strings.Join(s.where, " AND "))
	}
	if len(s.keys) > 0 {
		b.WriteString("\nGROUP BY " + s.groupBy())
	}
	if len(s.having) > 0 {
		b.WriteString("\nHAVING " + strings.Join(s.having, " AND "))
	}
	if s.order == "all" {
		var list []string
		for i := range s.items {
			list = append(list, fmt.Sprint(i+1))
		}
		b.WriteString("\nORDER BY " + strings.Join(list, ", "))
	} else if s.order != "" {
		b.WriteString("\nORDER BY " + s.order)
	}
	if s.limit > 0 {
		fmt.Fprintf(&b, "\nLIMIT %d OFFSET 1", s.limit)
	}
	return b.String()
}

func (s *selection) groupBy() string {
	var keys []string
	for _, k := range s.keys {
		text := k.sql
		at := slices.IndexFunc(s.items, func(it item) bool { return it.sql == k.sql })
		if at >= 0 && k.by == 1 {
			text = fmt.Sprint(at + 1)
		} else if at >= 0 && k.by == 2 && s.sets == "" {
			text = fmt.Sprintf("o%d", at+1)
		}
		keys = append(keys, text)
	}
	all := strings.Join(keys, ", ")
	switch s.sets {
	case "ROLLUP", "CUBE":
		return s.sets + " (" + all + ")"
	case "GROUPING SETS":
		return fmt.Sprintf("GROUPING SETS ((%s), (%s), ())", all, keys[0])
	}
	return all
}

// arguments are those of the script's view.
func (s *selection) arguments() string {
	var approx, loose []string
	for i, it := range s.items {
		if it.approx {
			approx = append(approx, fmt.Sprint(i+1))
		}
		if it.loose {
			loose = append(loose, fmt.Sprint(i+1))
		}
	}
	text := ""
	if approx != nil {
		text += " approx=" + strings.Join(approx, ",")
	}
	if loose != nil {
		text += " loose=" + strings.Join(loose, ",")
	}
	if s.order == "all" {
		text += " ordered"
	}
	return text
}

// script writes the view as a script has it.
func (s *selection) script(name string) string {
	text := "view " + name + s.arguments() + "\n\t" + strings.ReplaceAll(s.sql(), "\n", "\n\t") + "\n"
	var codes []string
	for code := range s.dead {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		text += fmt.Sprintf("\t! dead %s where id IN (%s)\n", code, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(s.dead[code])), ", "), "[]"))
	}
	return text
}

// generateSelect writes a SELECT over a stream that PostgreSQL and Millrace both have.
func generateSelect(seed uint64, stream string, columns []generatedColumn) *selection {
	x := &expressions{generator: &generator{rng: rand.New(rand.NewPCG(seed, 8))}, calls: nativeCalls()}
	x.apart = x.rng.IntN(6) == 0
	x.scope = []scoped{{"id", datum.Int4}}
	for _, c := range columns {
		switch {
		case c.of != datum.Invalid:
			x.scope = append(x.scope, scoped{c.name, c.of})
		case c.name == "p" && !x.apart:
		case c.name == "p":
			x.scope = append(x.scope, scoped{"p::integer", datum.Int4})
		default:
			x.scope = append(x.scope, scoped{c.name + "::text", datum.Text})
		}
	}
	s := &selection{stream: stream}
	s.source(x)
	for range x.rng.IntN(3) {
		s.where = append(s.where, x.of(datum.Bool, 2))
	}
	switch n := x.rng.IntN(20); {
	case n < 12:
		s.aggregated(x, columns)
	case n < 15:
		s.grouped = true
		s.sets = pick(x.generator, "ROLLUP", "CUBE", "GROUPING SETS")
		s.aggregated(x, columns)
	case n < 16 && s.from == stream:
		k := "(id % 7) + " + x.leaf(datum.Int2)
		s.distinct = "DISTINCT ON (" + k + ") "
		s.items = []item{{sql: k}, {sql: "id"}}
		s.rows(x, 2)
		s.order = k + ", id"
		return s
	case n < 18:
		s.distinct = "DISTINCT "
		s.rows(x, 1+x.rng.IntN(3))
	default:
		s.rows(x, 1+x.rng.IntN(4))
	}
	s.sorted(x)
	return s
}

// source chooses what stands behind FROM.
func (s *selection) source(x *expressions) {
	s.from = s.stream
	inner := func() string {
		of := pick(x.generator, scalars...)
		text := fmt.Sprintf("SELECT *, %s AS x1 FROM %s", x.of(of, 2), s.stream)
		if x.rng.IntN(2) == 0 {
			text += " WHERE " + x.of(datum.Bool, 1)
		}
		x.scope = append(x.scope, scoped{"x1", of}, scoped{"x1", of})
		return text
	}
	switch n := x.rng.IntN(20); {
	case n < 3:
		s.from = "(" + inner() + ") AS q"
	case n < 6:
		s.with, s.from = "WITH q AS ("+inner()+")\n", "q"
	case n < 7:
		s.from = fmt.Sprintf("(SELECT * FROM %[1]s WHERE %[2]s UNION ALL SELECT * FROM %[1]s WHERE %[3]s) AS q", s.stream, x.of(datum.Bool, 1), x.of(datum.Bool, 1))
	case n < 8 && x.apart:
		s.from = s.stream + pick(x.generator, " JOIN", " LEFT JOIN") + " town ON town_key = " + x.of(datum.Int4, 1)
		x.scope = append(x.scope, scoped{"town_name", datum.Text}, scoped{"town_weight", datum.Numeric})
	case n < 9 && x.apart:
		s.where = append(s.where, fmt.Sprintf("%s %s (SELECT town_key FROM town WHERE town_key IS NOT NULL)", x.of(datum.Int4, 1), pick(x.generator, "IN", "NOT IN")))
	}
}

// keyed are the types that rows are grouped by.
var keyed = []datum.Type{
	datum.Bool, datum.Int2, datum.Int4, datum.Int8, datum.Float4, datum.Float8, datum.Numeric, datum.Text, datum.Text, datum.Date, datum.Time,
	datum.Timestamp, datum.TimestampTZ, datum.Interval, datum.Bytea, datum.UUID, datum.JSONB, datum.Inet, datum.Cidr, datum.ArrayOf(datum.Int4), datum.ArrayOf(datum.Text),
}

// looksVary are types of which equal values have several looks.
var looksVary = []datum.Type{datum.Float4, datum.Float8, datum.Numeric, datum.Interval, datum.JSONB}

// rows selects expressions over single rows.
func (s *selection) rows(x *expressions, n int) {
	for range n {
		of := pick(x.generator, keyed...)
		s.items = append(s.items, item{sql: x.of(of, 3), loose: s.distinct != "" && slices.Contains(looksVary, of)})
	}
}

// aggregated selects keys and aggregates.
func (s *selection) aggregated(x *expressions, columns []generatedColumn) {
	s.grouped = true
	n := x.rng.IntN(4)
	if s.sets != "" {
		n = 1 + x.rng.IntN(2)
	}
	for range n {
		of := pick(x.generator, keyed...)
		k := x.of(of, 2)
		if slices.ContainsFunc(s.keys, func(other groupKey) bool { return other.sql == k }) {
			continue
		}
		s.keys = append(s.keys, groupKey{k, x.rng.IntN(3)})
		if x.rng.IntN(5) > 0 {
			s.items = append(s.items, item{sql: k, loose: slices.Contains(looksVary, of)})
		}
		if s.sets != "" && x.rng.IntN(2) == 0 {
			s.items = append(s.items, item{sql: "GROUPING(" + k + ")"})
		}
	}
	for range 1 + x.rng.IntN(4) {
		s.items = append(s.items, x.aggregate(columns))
	}
	if x.rng.IntN(4) == 0 {
		s.having = append(s.having, pick(x.generator, "count(*) > 1", "count(id) % 2 = 0", "max(id) < 60", "min(id) IS NOT NULL", "sum(id) > 100", "count(*) BETWEEN 1 AND 5"))
	}
}

// aggregate writes an aggregate, or an expression over some that cannot fail.
func (x *expressions) aggregate(columns []generatedColumn) item {
	filter := ""
	if x.rng.IntN(3) == 0 {
		filter = " FILTER (WHERE " + x.of(datum.Bool, 2) + ")"
	}
	whole := pick(x.generator, datum.Int2, datum.Int4, datum.Int8, datum.Numeric)
	switch x.rng.IntN(9) {
	case 0:
		return item{sql: "count(*)" + filter}
	case 1:
		return item{sql: "count(" + x.of(pick(x.generator, scalars...), 2) + ")" + filter}
	case 2:
		return item{sql: "sum(" + x.of(whole, 2) + ")" + filter}
	case 3:
		return item{sql: "avg(" + x.of(whole, 2) + ")" + filter}
	case 4: // floats that are added without rounding
		for _, c := range columns {
			if c.name == "f4" || c.name == "f8" {
				return item{sql: pick(x.generator, "sum", "avg") + "(" + c.name + ")" + filter, approx: true, loose: true}
			}
		}
	case 5:
		return item{sql: "sum(" + x.leaf(datum.Interval) + ")" + filter}
	case 6:
		text := "max(" + x.of(datum.Text, 2) + ")" + filter
		return item{sql: pick(x.generator, "coalesce("+text+", 'none')", "length("+text+")", text+" || '!'", text+" IS NULL")}
	case 7:
		text := "count(*)" + filter
		return item{sql: pick(x.generator, text+" * 2 + 1", "CASE WHEN "+text+" > 3 THEN 'many' ELSE 'few' END", "("+text+")::text", "coalesce(sum(id), 0) - min(id)", "round(avg(id), 2)")}
	}
	of := pick(x.generator, datum.Int2, datum.Int4, datum.Int8, datum.Float4, datum.Float8, datum.Numeric, datum.Text, datum.Date, datum.Time,
		datum.Timestamp, datum.TimestampTZ, datum.Interval, datum.Inet, datum.ArrayOf(datum.Int4), datum.ArrayOf(datum.Text))
	return item{sql: pick(x.generator, "min", "max") + "(" + x.of(of, 2) + ")" + filter, loose: slices.Contains(looksVary, of)}
}

// sorted sorts, and cuts, where that determines the rows.
func (s *selection) sorted(x *expressions) {
	if x.rng.IntN(5) > 0 || slices.ContainsFunc(s.items, func(it item) bool { return it.loose || it.approx }) {
		return
	}
	for _, it := range s.items {
		if strings.Contains(it.sql, "numeric") || strings.Contains(it.sql, "interval") || strings.Contains(it.sql, "jsonb") {
			return // equal values that look different have no order
		}
	}
	s.order = "all"
	if x.rng.IntN(2) == 0 {
		s.limit = 1 + x.rng.IntN(8)
	}
}
