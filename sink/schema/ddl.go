package schema

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// Columns of every result table that are ours.
const (
	HashColumn  = "_hash"  // uuid, the primary key: 128-bit hash of the group
	ShardColumn = "_shard" // integer, only of write_optimized views and there the key's second column
	ErrorColumn = "_error" // text: NULL, or the SQLSTATE and message that the group is in
)

const (
	mrelSuffix    = "_mrel"
	maxIdentifier = 63 // NAMEDATALEN - 1
)

// ddl builds the statements of one view.
type ddl struct {
	spec            *ViewSpec
	viewName, table string // qualified and quoted
	schema          string // unquoted
}

func newDDL(spec *ViewSpec, schema string) *ddl {
	return &ddl{
		spec: spec, schema: schema,
		viewName: pgx.Identifier{schema, spec.Name}.Sanitize(),
		table:    pgx.Identifier{schema, spec.Name + mrelSuffix}.Sanitize(),
	}
}

// statements returns all of them in order.
func (d *ddl) statements() []string {
	all := append([]string{d.createTable()}, d.indexes()...)
	all = append(all, d.view(), d.comments())
	if len(d.spec.Plan.Keys) == 0 && !d.combines() {
		// The one group of a view without GROUP BY exists before any event.
		all = append(all, fmt.Sprintf("INSERT INTO %s (%s) VALUES ('00000000-0000-0000-0000-000000000000')", d.table, HashColumn))
	}
	return append(all, d.emptySets()...)
}

// emptySets returns the statements that make the groups of the grouping sets (),
// which exist before any event too. Of a write_optimized view they are shard 0's.
func (d *ddl) emptySets() []string {
	plan := d.spec.Plan
	hashes, sets := aggregator.GroupsFromStart(plan)
	all := make([]string, len(sets))
	for i, hash := range hashes {
		columns := []string{HashColumn, quote(plan.Keys[len(plan.Keys)-1].Column)}
		values := fmt.Sprintf("'%x'::pg_catalog.uuid, %d", hash, sets[i])
		if d.combines() {
			columns, values = append(columns, ShardColumn), values+", 0"
		}
		all[i] = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", d.table, strings.Join(columns, ", "), values)
	}
	return all
}

// combines reports whether the table has a row for each shard of a group.
func (d *ddl) combines() bool { return d.spec.Policy == topology.WriteOptimized }

// source is what v reads. A record has its row of an append-only view on one shard
// only, so that there is nothing to combine.
func (d *ddl) source() string {
	if d.combines() && !d.spec.Plan.AppendOnly {
		return d.combined()
	}
	return d.table
}

func (d *ddl) createTable() string {
	columns := []string{HashColumn + " pg_catalog.uuid PRIMARY KEY"}
	if d.combines() {
		columns = []string{HashColumn + " pg_catalog.uuid", ShardColumn + " pg_catalog.int4"}
	}
	for _, k := range d.spec.Plan.Keys {
		columns = append(columns, quote(k.Column)+" "+columnType(k.Expr.Type(), k.SQLType))
	}
	for _, a := range d.spec.Plan.Aggregates {
		for i, s := range a.Function.States {
			columns = append(columns, fmt.Sprintf("%s %s DEFAULT %s", quote(a.Columns[i]), columnType(s.Type, ""), s.Zero))
		}
	}
	columns = append(columns, ErrorColumn+" pg_catalog.text")
	if d.combines() {
		columns = append(columns, fmt.Sprintf("PRIMARY KEY (%s, %s)", HashColumn, ShardColumn))
	}
	return fmt.Sprintf("CREATE TABLE %s (\n\t%s\n) WITH (fillfactor = 80)", d.table, strings.Join(columns, ",\n\t"))
}

// columnType returns the SQL of a column's type. Text is ordered by bytes, as
// the workers order it.
func columnType(t datum.Type, sqlType string) string {
	elem := t
	if t.IsArray() {
		elem = t.Elem()
	}
	switch {
	case t == datum.Text:
		return `pg_catalog.text COLLATE pg_catalog."C"`
	case elem == datum.Text, elem == datum.Bpchar:
		return t.String() + ` COLLATE pg_catalog."C"`
	}
	return TypeSQL(t, sqlType)
}

// TypeSQL returns the SQL of a type; sqlType is its qualified name in the target
// database, which says what an enum or an other type is.
func TypeSQL(t datum.Type, sqlType string) string {
	if t.OID() == 0 {
		return sqlType
	}
	return t.String()
}

// view returns the statement that creates v. A column that is a key as it
// stands is not wrapped: that keeps its indexes of use, and a reader can leave
// out a group in error by naming it.
func (d *ddl) view() string {
	columns := make([]string, len(d.spec.Plan.Output))
	for i, o := range d.spec.Plan.Output {
		sql := o.SQL
		if !isKey(d.spec.Plan, o) {
			sql = guarded(sql, o.Type)
		}
		columns[i] = sql + " AS " + quote(o.Name)
	}
	reading := &d.spec.Plan.Reading
	sql := fmt.Sprintf("CREATE VIEW %s AS SELECT%s\n\t%s\nFROM %s", d.viewName, distinct(reading), strings.Join(columns, ",\n\t"), d.source())
	if d.spec.Plan.Having != "" {
		sql += "\nWHERE " + guarded(d.spec.Plan.Having, "boolean")
	}
	return sql + ordered(reading)
}

// isKey reports whether a column of v is a key, perhaps as a varchar, which
// v_mrel keeps as text.
func isKey(plan *query.Plan, o query.Output) bool {
	for _, k := range plan.Keys {
		switch o.SQL {
		case k.Column, quote(k.Column), quote(k.Column) + "::" + o.Type:
			return true
		}
	}
	return false
}

// guarded makes an expression raise the error that its group is in. The last
// cast keeps the length or precision of the type, which a function's result loses.
func guarded(sql, typ string) string {
	g := fmt.Sprintf("CASE WHEN %[1]s IS NULL THEN (%[2]s) ELSE millrace.raise(%[1]s, NULL::%[3]s) END", ErrorColumn, sql, typ)
	if strings.Contains(typ, "(") {
		return "(" + g + ")::" + typ
	}
	return g
}

func (d *ddl) comments() string {
	about := fmt.Sprintf("Millrace continuous view %s: %s", quote(d.spec.Name), d.spec.Select)
	states := fmt.Sprintf("Millrace: groups and states of the continuous view %s (id %v, cluster %s); read the view instead", quote(d.spec.Name), d.spec.ID, d.spec.Cluster)
	return fmt.Sprintf("COMMENT ON VIEW %s IS %s; COMMENT ON TABLE %s IS %s", d.viewName, literal(about), d.table, literal(states))
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// literal quotes a string in a way that no setting changes.
func literal(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", "''")
	if strings.Contains(s, `\`) {
		return " E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return "'" + s + "'"
}
