package sink

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// statements are the SQL of one view's folds. They never change while its table has
// the same name, so each connection prepares them once.
type statements struct {
	table  string // qualified and quoted
	merge  string // hashes, keys, states and, of a write_optimized view, the shard
	upsert string // the same, whatever another session does meanwhile
	errors string // upsert with errors behind the states
}

// shape is what a view's statements have in common: the columns that rows are sent
// with, and what is done with each. Rows sent are called excluded, those there m.
type shape struct {
	columns []string // hash, keys, states, all quoted
	params  []string // the array of each
	casts   []string // of each, the type that it is cast to, "" where it is sent as it is
	cast    bool     // one of them is
	same    []string // a condition for each key: it is the same on both sides
	states  []string // names
	merged  []string // of each state, the SQL that merges both sides
}

func shapeOf(plan *query.Plan) *shape {
	s := &shape{columns: []string{schema.HashColumn}, params: []string{"$1::uuid[]"}, casts: []string{""}}
	for _, k := range plan.Keys {
		name := quote(k.Column)
		s.add(name, k.Expr.Type(), k.SQLType)
		if k.Carried {
			continue // it is no part of what rows are told apart by
		}
		s.same = append(s.same, fmt.Sprintf("m.%[1]s IS NOT DISTINCT FROM excluded.%[1]s", name))
	}
	for _, a := range plan.Aggregates {
		for i, state := range a.Function.States {
			name := quote(a.Columns[i])
			s.add(name, state.Type, "")
			s.states, s.merged = append(s.states, name), append(s.merged, merged(state.Merge, name))
		}
	}
	return s
}

// add adds a column with its array; sqlType is the type's name in the target
// database, where it is one of its own.
func (s *shape) add(name string, t datum.Type, sqlType string) {
	s.columns = append(s.columns, name)
	s.params = append(s.params, fmt.Sprintf("$%d::%v[]", len(s.columns), t.Sent()))
	cast := ""
	if t.Sent() != t {
		s.cast, cast = true, schema.TypeSQL(t, sqlType)
	}
	s.casts = append(s.casts, cast)
}

// sent is the rows sent.
func (s *shape) sent() string {
	unnest := fmt.Sprintf("unnest(%s)", strings.Join(s.params, ", "))
	if !s.cast {
		return unnest
	}
	names, values := make([]string, len(s.params)), make([]string, len(s.params))
	for i, cast := range s.casts {
		names[i] = fmt.Sprintf("p%d", i+1)
		if values[i] = names[i]; cast != "" {
			values[i] += "::" + cast
		}
	}
	return fmt.Sprintf("(SELECT %s FROM %s AS p(%s))", strings.Join(values, ", "), unnest, strings.Join(names, ", "))
}

// rows is the rows sent as an entry of FROM.
func (s *shape) rows() string {
	if s.cast {
		return s.sent() + " AS sent"
	}
	return s.sent()
}

// unchanged sets what no fold changes, for an update that only counts the row and
// compares its key.
var unchanged = fmt.Sprintf("%[1]s = m.%[1]s", schema.ErrorColumn)

// upsert builds the statement that merges rows into a result table. The rows of
// unnest come in the order of their hashes, so that two writers lock in one order.
//
//   - A group in error keeps its states as they are: merging on could only
//     raise the error again in each fold.
//   - NULL is the identity of each rule. LEAST and GREATEST ignore it and order
//     NaN last, as min() and max() do; a sum is COALESCEd with either side.
//   - The update's condition compares the whole key. It holds for each row,
//     unless two groups have one hash: then fewer rows are counted than were sent.
//   - Of a write_optimized view each shard has rows of its own: the shard, one for
//     all rows of the statement, is the last parameter.
func upsert(table string, plan *query.Plan, policy topology.ShardingPolicy, withErrors bool) string {
	s := shapeOf(plan)
	var sets []string
	for i, name := range s.states {
		sets = append(sets, fmt.Sprintf("%[1]s = CASE WHEN m.%[2]s IS NULL THEN %[3]s ELSE m.%[1]s END", name, schema.ErrorColumn, s.merged[i]))
	}
	if withErrors {
		s.add(schema.ErrorColumn, datum.Text, "")
		sets = append(sets, fmt.Sprintf("%[1]s = COALESCE(m.%[1]s, excluded.%[1]s)", schema.ErrorColumn))
	}
	if len(sets) == 0 { // a view of keys alone
		sets = []string{unchanged}
	}
	from, unique := "SELECT * FROM "+s.rows(), schema.HashColumn
	if policy == topology.WriteOptimized {
		s.columns = append(s.columns, schema.ShardColumn)
		from = fmt.Sprintf("SELECT *, $%d::integer FROM %s", len(s.columns), s.rows())
		unique += ", " + schema.ShardColumn
	}
	sql := fmt.Sprintf("INSERT INTO %s AS m (%s) %s ON CONFLICT (%s) DO UPDATE SET %s",
		table, strings.Join(s.columns, ", "), from, unique, strings.Join(sets, ", "))
	if len(s.same) > 0 {
		sql += " WHERE " + strings.Join(s.same, " AND ")
	}
	return sql
}

// mergeSQL is upsert as a MERGE, which finds each row once where ON CONFLICT
// locks it before it updates it: half the WAL, and faster. It fails (and the fold is
// then tried with upsert) where another session inserts one of the rows
// meanwhile. None does: who folds a shard holds its partition's row.
func mergeSQL(table string, plan *query.Plan, policy topology.ShardingPolicy) string {
	s := shapeOf(plan)
	var sets []string
	for i, name := range s.states {
		sets = append(sets, fmt.Sprintf("%s = %s", name, s.merged[i]))
	}
	if len(sets) == 0 {
		sets = []string{unchanged}
	}
	source := fmt.Sprintf("%s AS excluded(%s)", s.sent(), strings.Join(s.columns, ", "))
	on, values := fmt.Sprintf("m.%[1]s = excluded.%[1]s", schema.HashColumn), "excluded."+strings.Join(s.columns, ", excluded.")
	if policy == topology.WriteOptimized {
		shard := fmt.Sprintf("$%d::integer", len(s.columns)+1)
		s.columns = append(s.columns, schema.ShardColumn)
		on += fmt.Sprintf(" AND m.%s = %s", schema.ShardColumn, shard)
		values += ", " + shard
	}
	key := ""
	for _, same := range s.same {
		key += " AND " + same
	}
	return fmt.Sprintf(`MERGE INTO %s AS m USING %s ON %s
		WHEN MATCHED AND m.%s IS NULL%s THEN UPDATE SET %s
		WHEN MATCHED%s THEN UPDATE SET %s
		WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s)`,
		table, source, on, schema.ErrorColumn, key, strings.Join(sets, ", "), key, unchanged, strings.Join(s.columns, ", "), values)
}

// merged is the SQL of a merge rule over a column of the row (m) and of the partial.
func merged(rule agg.MergeRule, name string) string {
	switch rule {
	case agg.MergeAdd:
		return fmt.Sprintf("COALESCE(m.%[1]s + excluded.%[1]s, m.%[1]s, excluded.%[1]s)", name)
	case agg.MergeMin:
		return fmt.Sprintf("LEAST(m.%[1]s, excluded.%[1]s)", name)
	case agg.MergeMax:
		return fmt.Sprintf("GREATEST(m.%[1]s, excluded.%[1]s)", name)
	}
	panic(fmt.Sprintf("bug: merge rule %d", rule))
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// statementsOf returns the SQL for a view, looking its table up by the view's
// id on first use.
func (s *Store) statementsOf(ctx context.Context, db schema.Querier, rows *aggregator.ViewRows) (*statements, error) {
	s.mu.Lock()
	known := s.relations[rows.View]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	rel, err := schema.Lookup(ctx, db, s.config.Cluster, rows.View)
	if err != nil {
		return nil, err
	}
	if rel.Mrel == "" {
		return nil, errGone(rows.View, rows.Name)
	}
	known = &statements{
		table:  rel.Mrel,
		merge:  mergeSQL(rel.Mrel, rows.Plan, rows.Policy),
		upsert: upsert(rel.Mrel, rows.Plan, rows.Policy, false),
		errors: upsert(rel.Mrel, rows.Plan, rows.Policy, true),
	}
	s.mu.Lock()
	s.relations[rows.View] = known
	s.mu.Unlock()
	return known, nil
}

// forget makes the next fold look a view's table up again.
func (s *Store) forget(id topology.ViewID) {
	s.mu.Lock()
	delete(s.relations, id)
	s.mu.Unlock()
}

// errGone says that a view has no result table any more.
func errGone(id topology.ViewID, name string) error {
	return &ViewError{View: id, Name: name, Err: &datum.Error{
		Code: datum.CodeUndefinedTable, Message: fmt.Sprintf("the result table of continuous view %q does not exist", name),
		Hint: "DROP CONTINUOUS VIEW it, and create it again with start = 'earliest' to count from the beginning.",
	}}
}
