package query

import (
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator/statement"
)

// text writes a program over the expressions of texts. Where the stream stands in
// FROM itself, its name is a CTE of the batch, so that PostgreSQL can join the
// batch with the table as one. Where it stands deeper, the user's SELECT is carried
// out for one row at a time, in a LATERAL sub-SELECT.
//
// Columns that the program does not read are NULL: they only hold their place.
func (d *Draft) text(texts []string, sending bool) string {
	var batch strings.Builder
	inputs := 0
	columns := make([]string, len(d.columns))
	var names []string
	for i, c := range d.columns {
		columns[i] = "NULL::" + c.Type
		if sending && d.used[i] {
			if inputs++; inputs > 1 {
				batch.WriteString(", ")
			}
			batch.WriteString("current_setting(" + parameterStandIn(inputs) + ")::" + c.Sent + "[]")
			names = append(names, "c"+itoa(inputs))
			columns[i] = c.from("i.c" + itoa(inputs))
		}
		if c.Collate {
			columns[i] = "(" + columns[i] + `) COLLATE "C"`
		}
	}
	if inputs == 0 {
		batch.WriteString("NULL::integer[]")
		names = append(names, "c1")
	}
	from := "unnest(" + batch.String() + ") WITH ORDINALITY AS i(" + strings.Join(names, ", ") + ", n)"
	if d.builder.stream != "" {
		return d.with(slices.Concat(columns, []string{"i.n::integer"}), " MATERIALIZED", "\n\tFROM "+from) +
			"SELECT " + strings.Join(append([]string{quoteIdent(numberColumn)}, texts...), ",\n\t") + "\n" + d.clausesText()
	}
	inner := d.with(columns, "", "") + "SELECT " + strings.Join(texts, ",\n\t") + "\n" + d.clausesText()
	results := make([]string, len(texts))
	for i := range texts {
		results[i] = "r" + itoa(i+1)
	}
	alias := ""
	if len(results) > 0 {
		alias = "(" + strings.Join(results, ", ") + ")"
	}
	items := "i.n::integer"
	for _, r := range results {
		items += ", q." + r
	}
	return "SELECT " + items + "\nFROM " + from + "\nCROSS JOIN LATERAL (\n" + inner + "\n) AS q" + alias
}

// from writes the column's value from what is sent.
func (c DraftColumn) from(sent string) string {
	if c.Composite {
		return "CASE WHEN " + sent + " LIKE '{%' THEN pg_catalog.json_populate_record(NULL::" + c.Type + ", " + sent + "::json) ELSE " + sent + "::" + c.Type + " END"
	}
	return sent + "::" + c.Type
}

// with writes WITH: the stream's CTE, then the user's.
func (d *Draft) with(columns []string, materialized, from string) string {
	c, name := d.builder.places, quoteIdent(d.builder.analysis.Stream)
	var names []string
	for _, column := range d.columns {
		names = append(names, quoteIdent(column.Name))
	}
	if len(columns) > len(names) {
		names = append(names, quoteIdent(numberColumn))
	}
	word, rest := "WITH ", ""
	if c.list.from > 1 {
		begin := 1
		if c.tokens[1].Is("recursive") {
			word, begin = "WITH RECURSIVE ", 2
		}
		rest = ", " + c.text(d.builder.analysis.Select, span{begin, c.list.from})
	}
	return word + name + "(" + strings.Join(names, ", ") + ") AS" + materialized + " (\n\tSELECT " +
		strings.Join(columns, ", ") + from + "\n)" + rest + "\n"
}

// clausesText is the user's FROM, and WHERE unless all of it is native.
func (d *Draft) clausesText() string {
	b := d.builder
	text := b.places.text(b.analysis.Select, b.places.from)
	if !b.eval.whole {
		text += "\n" + b.places.text(b.analysis.Select, b.places.where)
	}
	return text
}

// parameterStandIn stands for a parameter until the program is qualified.
func parameterStandIn(n int) string { return "'millrace parameter " + itoa(n) + "'" }

// withParameters puts $1, $2, … in place of their stand-ins.
func withParameters(viewdef string, n int) (string, error) {
	text := strings.TrimSuffix(strings.TrimSpace(viewdef), ";")
	for i := 1; i <= n; i++ {
		before, after, ok := strings.Cut(text, "current_setting("+parameterStandIn(i)+"::text)")
		if !ok || strings.Contains(after, parameterStandIn(i)) {
			return "", broken("a parameter of the row program is missing")
		}
		text = before + "$" + itoa(i) + after
	}
	return text, nil
}

// withoutAlias is an item of a select list on one line, without AS.
func withoutAlias(item string) string {
	tokens, _ := statement.Tokens(item)
	if n := len(tokens); n > 2 && tokens[n-2].Is("as") && tokens[n-1].IsName() {
		item = item[:tokens[n-3].End]
	}
	return strings.Join(strings.Fields(item), " ")
}

// text is what stands in a span.
func (c *clauses) text(sql string, s span) string {
	if s.from >= s.to || s.to > len(c.tokens) {
		return ""
	}
	return sql[c.tokens[s.from].Start:c.tokens[s.to-1].End]
}

// pieces cuts the SELECT into what may be an expression over rows.
func (c *clauses) pieces(aggregates []string) []span {
	pieces := slices.Clone(c.items)
	if at := c.list.from + 1; at+1 < c.list.to && c.tokens[at].Is("distinct") && c.tokens[at+1].Is("on") {
		pieces = append(pieces, c.nested(span{at + 2, c.closing(at+2) + 1})...)
	}
	for _, clause := range []span{c.group, c.order()} {
		for _, item := range c.split(clause) {
			pieces = append(pieces, item, c.withoutDirection(item))
			pieces = append(pieces, c.nested(item)...)
		}
	}
	for i := 0; i+1 < len(c.tokens); i++ {
		if c.tokens[i].IsName() && slices.Contains(aggregates, c.tokens[i].Value) && c.tokens[i+1].IsOp("(") {
			pieces = append(pieces, c.arguments(i+1)...)
		}
	}
	return slices.DeleteFunc(pieces, func(s span) bool { return s.from >= s.to || c.tokens[s.to-1].IsOp("*") || c.aggregated(s, aggregates) })
}

// aggregated reports whether an aggregate is called in a span, outside its
// sub-SELECTs: then it is no expression over rows.
func (c *clauses) aggregated(s span, aggregates []string) bool {
	for i := s.from; i+1 < s.to; i++ {
		next := c.tokens[i+1]
		switch {
		case c.tokens[i].IsOp("(") && (next.Is("select") || next.Is("with") || next.Is("values")):
			i = c.closing(i)
		case next.IsOp("(") && c.tokens[i].IsName() && slices.Contains(aggregates, c.tokens[i].Value):
			return true
		}
	}
	return false
}

// order is ORDER BY without the clauses behind it.
func (c *clauses) order() span {
	s := c.rest
	if s.from >= s.to || !c.tokens[s.from].Is("order") {
		return span{}
	}
	for depth, i := 0, s.from; i < s.to; i++ {
		depth += c.deeper(i)
		if depth == 0 && slices.ContainsFunc([]string{"limit", "offset", "fetch", "for"}, c.tokens[i].Is) {
			return span{s.from, i}
		}
	}
	return s
}

// withoutDirection leaves out what follows an expression of ORDER BY.
func (c *clauses) withoutDirection(s span) span {
	for s.to > s.from && slices.ContainsFunc([]string{"asc", "desc", "nulls", "first", "last"}, c.tokens[s.to-1].Is) {
		s.to--
	}
	return s
}

// split cuts GROUP BY's or ORDER BY's list at its commas.
func (c *clauses) split(clause span) []span {
	if clause.to-clause.from < 3 {
		return nil
	}
	from := clause.from + 2
	if c.tokens[from].Is("distinct") || c.tokens[from].Is("all") {
		from++
	}
	return c.commas(span{from, clause.to})
}

// commas cuts a span at the commas outside parentheses.
func (c *clauses) commas(s span) []span {
	var items []span
	item := span{s.from, s.from}
	for depth, i := 0, s.from; i < s.to; i++ {
		depth += c.deeper(i)
		if depth == 0 && c.tokens[i].IsOp(",") {
			item.to = i
			items = append(items, item)
			item.from = i + 1
		}
	}
	item.to = s.to
	return append(items, item)
}

// nested are the items of the lists in parentheses within a span, as in ROLLUP (a,
// (b, c)).
func (c *clauses) nested(s span) []span {
	var items []span
	for i := s.from; i < s.to; i++ {
		if c.tokens[i].IsOp("(") {
			items = append(items, c.commas(span{i + 1, c.closing(i)})...)
		}
	}
	return items
}

// arguments are those of the aggregate whose parenthesis opens at a place, and its
// FILTER.
func (c *clauses) arguments(open int) []span {
	end := c.closing(open)
	inner := span{open + 1, end}
	if inner.from < end && (c.tokens[inner.from].Is("distinct") || c.tokens[inner.from].Is("all")) {
		inner.from++
	}
	var pieces []span
	for depth, i := 0, inner.from; i+1 < end; i++ {
		depth += c.deeper(i)
		if depth == 0 && c.tokens[i].Is("order") && c.tokens[i+1].Is("by") {
			for _, item := range c.commas(span{i + 2, end}) {
				pieces = append(pieces, c.withoutDirection(item))
			}
			inner.to = i
			break
		}
	}
	pieces = append(pieces, c.commas(inner)...)
	at := end + 1
	if at+2 < len(c.tokens) && c.tokens[at].Is("within") && c.tokens[at+2].IsOp("(") {
		if end = c.closing(at + 2); at+5 < end {
			for _, item := range c.commas(span{at + 5, end}) {
				pieces = append(pieces, c.withoutDirection(item))
			}
		}
		at = end + 1
	}
	if at+2 < len(c.tokens) && c.tokens[at].Is("filter") && c.tokens[at+1].IsOp("(") && c.tokens[at+2].Is("where") {
		pieces = append(pieces, span{at + 3, c.closing(at + 1)})
	}
	return pieces
}

// deeper is how a token changes the depth of parentheses.
func (c *clauses) deeper(at int) int {
	switch token := c.tokens[at]; {
	case token.IsOp("("), token.IsOp("["):
		return 1
	case token.IsOp(")"), token.IsOp("]"):
		return -1
	}
	return 0
}

// closing returns the place of the parenthesis that closes the one at a place, the
// text's end where there is none.
func (c *clauses) closing(open int) int {
	for depth, i := 0, open; i < len(c.tokens); i++ {
		if depth += c.deeper(i); depth == 0 {
			return i
		}
	}
	return len(c.tokens)
}
