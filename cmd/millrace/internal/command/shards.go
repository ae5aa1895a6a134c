package command

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/status"
)

// shardLine is one shard of a view: the columns of pipeline_cluster.shards, and
// where it lives.
type shardLine struct {
	Shard          string  `json:"shard"`
	Owner          *string `json:"owner"`
	ContinuousView string  `json:"continuous_view"`
	ShardID        int     `json:"shard_id"`
	ShardType      string  `json:"shard_type"`
	ShardingPolicy string  `json:"sharding_policy"`
	IsLocal        bool    `json:"is_local"`
	Balanced       bool    `json:"balanced"`
	Reachable      bool    `json:"reachable"`
	Topic          string  `json:"topic"`
	Partition      int32   `json:"partition"`
	Term           int64   `json:"term"`
	Position       int64   `json:"position"`
	FirstSlot      int     `json:"first_slot"`
	LastSlot       int     `json:"last_slot"`
}

func (a *app) shardsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "shards [VIEW…]",
		Short: "List the shards of the views and the nodes that fold them",
		Long: `List the shards of the views, as SELECT * FROM pipeline_cluster.shards does in
PostgreSQL: the node that folds each (owner, empty while nobody does), whether a
group lives on one shard (read_optimized) or on any (write_optimized), and
whether the owner lives (reachable). All nodes share one database, so every
shard is a primary and local, and none ever holds groups of another (balanced).

With --json: an array of {"shard", "owner", "continuous_view", "shard_id",
"shard_type", "sharding_policy", "is_local", "balanced", "reachable", "topic",
"partition", "term", "position", "first_slot", "last_slot"}. owner is null where
nobody folds the shard; it lives in that partition of the partials topic, folded
up to position, under the claim with the number term.`,
		Example: "  millrace shards\n  millrace shards by_url --json | jq -r '.[] | [.shard, .owner] | @tsv'",
		RunE: func(cmd *cobra.Command, names []string) error {
			e := &engine{app: a}
			defer e.close()
			svc, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			shards, err := reader(svc).Shards(cmd.Context(), names...)
			if err != nil {
				return err
			}
			return a.shards(shards, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) shards(shards []status.Shard, asJSON bool) error {
	var all []shardLine
	for _, s := range shards {
		line := shardLine{
			Shard: s.Name, ContinuousView: s.View, ShardID: int(s.Shard), ShardType: s.Type(), ShardingPolicy: string(s.Policy),
			IsLocal: s.Local(), Balanced: s.Balanced(), Reachable: s.Reachable,
			Topic: s.Topic, Partition: s.Partition, Term: s.Term, Position: s.Position, FirstSlot: int(s.FirstSlot), LastSlot: int(s.LastSlot),
		}
		if s.Owner != "" {
			line.Owner = &s.Owner
		}
		all = append(all, line)
	}
	return list(a.out, asJSON, all, []column[shardLine]{
		{"shard", false, func(s shardLine) string { return s.Shard }},
		{"owner", false, func(s shardLine) string { return text(s.Owner) }},
		{"continuous_view", false, func(s shardLine) string { return s.ContinuousView }},
		{"shard_id", true, func(s shardLine) string { return strconv.Itoa(s.ShardID) }},
		{"shard_type", false, func(s shardLine) string { return s.ShardType }},
		{"sharding_policy", false, func(s shardLine) string { return s.ShardingPolicy }},
		{"is_local", false, func(s shardLine) string { return boolean(s.IsLocal) }},
		{"balanced", false, func(s shardLine) string { return boolean(s.Balanced) }},
		{"reachable", false, func(s shardLine) string { return boolean(s.Reachable) }},
	})
}

// boolean writes a truth value as PostgreSQL does.
func boolean(b bool) string {
	if b {
		return "t"
	}
	return "f"
}

// text writes a text that may be missing.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
