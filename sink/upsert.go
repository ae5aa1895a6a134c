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
	columns, params := []string{schema.HashColumn}, []string{"$1::uuid[]"}
	add := func(name string, t datum.Type) {
		columns = append(columns, name)
		params = append(params, fmt.Sprintf("$%d::%v[]", len(columns), t))
	}
	var sets, same []string
	for _, k := range plan.Keys {
		name := quote(k.Column)
		add(name, k.Expr.Type())
		same = append(same, fmt.Sprintf("m.%[1]s IS NOT DISTINCT FROM excluded.%[1]s", name))
	}
	for _, a := range plan.Aggregates {
		for i, s := range a.Function.States {
			name := quote(a.Columns[i])
			add(name, s.Type)
			sets = append(sets, fmt.Sprintf("%[1]s = CASE WHEN m.%[2]s IS NULL THEN %[3]s ELSE m.%[1]s END", name, schema.ErrorColumn, merged(s.Merge, name)))
		}
	}
	if withErrors {
		add(schema.ErrorColumn, datum.Text)
		sets = append(sets, fmt.Sprintf("%[1]s = COALESCE(m.%[1]s, excluded.%[1]s)", schema.ErrorColumn))
	}
	if len(sets) == 0 {
		// A view of keys alone: the update counts the row and compares the key.
		sets = []string{fmt.Sprintf("%[1]s = m.%[1]s", schema.ErrorColumn)}
	}
	from, unique := fmt.Sprintf("SELECT * FROM unnest(%s)", strings.Join(params, ", ")), schema.HashColumn
	if policy == topology.WriteOptimized {
		columns = append(columns, schema.ShardColumn)
		from = fmt.Sprintf("SELECT *, $%d::integer FROM unnest(%s)", len(columns), strings.Join(params, ", "))
		unique += ", " + schema.ShardColumn
	}
	sql := fmt.Sprintf("INSERT INTO %s AS m (%s) %s ON CONFLICT (%s) DO UPDATE SET %s",
		table, strings.Join(columns, ", "), from, unique, strings.Join(sets, ", "))
	if len(same) > 0 {
		sql += " WHERE " + strings.Join(same, " AND ")
	}
	return sql
}

// mergeSQL is upsert as a MERGE, which finds each row once where ON CONFLICT
// locks it before it updates it: half the WAL, and faster. It fails (and the fold is
// then tried with upsert) where another session inserts one of the rows
// meanwhile. None does: who folds a shard holds its partition's row.
func mergeSQL(table string, plan *query.Plan, policy topology.ShardingPolicy) string {
	columns, params := []string{schema.HashColumn}, []string{"$1::uuid[]"}
	add := func(name string, t datum.Type) {
		columns = append(columns, name)
		params = append(params, fmt.Sprintf("$%d::%v[]", len(columns), t))
	}
	var sets, same []string
	for _, k := range plan.Keys {
		name := quote(k.Column)
		add(name, k.Expr.Type())
		same = append(same, fmt.Sprintf(" AND m.%[1]s IS NOT DISTINCT FROM excluded.%[1]s", name))
	}
	for _, a := range plan.Aggregates {
		for i, s := range a.Function.States {
			name := quote(a.Columns[i])
			add(name, s.Type)
			sets = append(sets, fmt.Sprintf("%s = %s", name, merged(s.Merge, name)))
		}
	}
	mark := fmt.Sprintf("%[1]s = m.%[1]s", schema.ErrorColumn)
	if len(sets) == 0 {
		sets = []string{mark}
	}
	source := fmt.Sprintf("unnest(%s) AS excluded(%s)", strings.Join(params, ", "), strings.Join(columns, ", "))
	on, values := fmt.Sprintf("m.%[1]s = excluded.%[1]s", schema.HashColumn), "excluded."+strings.Join(columns, ", excluded.")
	if policy == topology.WriteOptimized {
		shard := fmt.Sprintf("$%d::integer", len(columns)+1)
		columns = append(columns, schema.ShardColumn)
		on += fmt.Sprintf(" AND m.%s = %s", schema.ShardColumn, shard)
		values += ", " + shard
	}
	key := strings.Join(same, "")
	return fmt.Sprintf(`MERGE INTO %s AS m USING %s ON %s
		WHEN MATCHED AND m.%s IS NULL%s THEN UPDATE SET %s
		WHEN MATCHED%s THEN UPDATE SET %s
		WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s)`,
		table, source, on, schema.ErrorColumn, key, strings.Join(sets, ", "), key, mark, strings.Join(columns, ", "), values)
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
