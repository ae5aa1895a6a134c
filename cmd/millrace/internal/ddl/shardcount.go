package ddl

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
)

// countShards decides how many shards a view gets. The statement itself comes first
// (WITH num_shards or shard_factor), then the database's settings of these names
// (millrace.num_shards or millrace.shard_factor), then the process's own
// setting. The notice says what came of a percentage.
func (e *Executor) countShards(ctx context.Context, s *statement.CreateView) (n int, notice string, err error) {
	if o, ok := s.Options[numShards]; ok {
		n, bad := statement.ParseShards(numShards, o.Value)
		if bad != nil {
			return 0, "", bad
		}
		return n, "", nil
	}
	if o, ok := s.Options[shardFactor]; ok {
		factor, bad := statement.ParseShards(shardFactor, o.Value)
		if bad != nil {
			return 0, "", bad
		}
		return e.percent(ctx, s.Name, factor, shardFactor)
	}
	set, err := e.shardSettings(ctx)
	switch {
	case err != nil:
		return 0, "", at(err, s.NamePos)
	case set.number > 0:
		return set.number, "", nil
	case set.factor > 0:
		return e.percent(ctx, s.Name, set.factor, "millrace."+shardFactor)
	}
	return e.Shards, "", nil
}

const (
	numShards   = "num_shards"
	shardFactor = "shard_factor"
)

// percent is shard_factor: a percentage of the nodes that there are now. The view
// keeps the number when nodes come or go.
func (e *Executor) percent(ctx context.Context, view string, factor int, from string) (int, string, error) {
	nodes, err := e.countNodes(ctx)
	if err != nil {
		return 0, "", err
	}
	n := shardsFor(nodes, factor)
	return n, fmt.Sprintf("%s = %d, with %s running: continuous view %q has %s", from, factor,
		count(nodes, "node"), view, count(n, "shard")), nil
}

// countNodes counts the nodes that are members of the cluster's group. A node is one
// from its start on, before there is anything to read.
func (e *Executor) countNodes(ctx context.Context) (int, error) {
	group, err := e.Kafka.Group(ctx, e.Cluster)
	if err != nil {
		return 0, err
	}
	return len(group.ByNode(e.Cluster)), nil
}

// shardsFor returns how many shards a percentage of the nodes is: at least one,
// and one for each part of a node.
func shardsFor(nodes, factor int) int {
	return min(max(1, (nodes*factor+99)/100), statement.MaxShards)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// shardDefault is what the database says about views that say nothing; 0 is
// unset. At most one of the two is set.
type shardDefault struct{ number, factor int }

// shardSettings reads the database's settings, which a cluster's nodes and
// commands share wherever they run. They may stand at the database, at the
// role, or in the database URL: PostgreSQL has made one value of them.
func (e *Executor) shardSettings(ctx context.Context) (shardDefault, error) {
	var number, factor, database string
	err := e.Store.Pool().QueryRow(ctx, `SELECT coalesce(pg_catalog.current_setting('millrace.num_shards', true), ''),
			coalesce(pg_catalog.current_setting('millrace.shard_factor', true), ''),
			pg_catalog.quote_ident(pg_catalog.current_database())`).Scan(&number, &factor, &database)
	if err != nil {
		return shardDefault{}, fmt.Errorf("read the database's settings for shards: %w", err)
	}
	if number != "" && factor != "" {
		return shardDefault{}, &datum.Error{
			Code: datum.CodeInvalidParameter, Message: `conflicting settings "millrace.num_shards" and "millrace.shard_factor"`,
			Detail: fmt.Sprintf("In database %s the first is %q, the second %q.", database, number, factor),
			Hint:   fmt.Sprintf("Remove one: %s (or that of the role, where it is set there).", reset(database, shardFactor)),
		}
	}
	var set shardDefault
	if set.number, err = parseSetting(database, numShards, number); err == nil {
		set.factor, err = parseSetting(database, shardFactor, factor)
	}
	return set, err
}

// parseSetting reads a setting's value, 0 where it has none.
func parseSetting(database, name, value string) (int, error) {
	if value == "" {
		return 0, nil
	}
	n, err := statement.ParseShards(name, value)
	if err != nil {
		err.Message = fmt.Sprintf(`invalid value for setting "millrace.%s": "%s"`, name, value)
		err.Hint += fmt.Sprintf(" Remove it with %s (or that of the role, where it is set there), or say %s in WITH.", reset(database, name), name)
		return 0, err
	}
	return n, nil
}

func reset(database, name string) string {
	return fmt.Sprintf("ALTER DATABASE %s RESET millrace.%s", database, name)
}
