package command

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
)

// shardLine is one shard of a view.
type shardLine struct {
	View      string `json:"view"`
	Shard     int    `json:"shard"`
	FirstSlot int    `json:"first_slot"`
	LastSlot  int    `json:"last_slot"`
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Owner     string `json:"owner"`
	Term      int64  `json:"term"`
	Position  int64  `json:"position"`
}

func (a *app) shardsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "shards [VIEW…]",
		Short: "List the shards of the views and who folds them",
		Long: `List the shards of the views: the slots that each holds, the partition of the
partials topic that it lives in, who folds it (the id and the term of its claim)
and up to which offset it is folded.

With --json: an array of {"view", "shard", "first_slot", "last_slot", "topic",
"partition", "owner", "term", "position"}. owner is "" where nobody folds it.`,
		Example: "  millrace shards\n  millrace shards by_url --json",
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
			var all []shardLine
			for _, s := range shards {
				all = append(all, shardLine{
					View: s.View, Shard: int(s.Shard), FirstSlot: int(s.FirstSlot), LastSlot: int(s.LastSlot),
					Topic: s.Topic, Partition: s.Partition, Owner: s.Owner, Term: s.Term, Position: s.Position,
				})
			}
			return list(a.out, asJSON, all, []column[shardLine]{
				{"view", false, func(s shardLine) string { return s.View }},
				{"shard", true, func(s shardLine) string { return strconv.Itoa(s.Shard) }},
				{"slots", false, func(s shardLine) string { return fmt.Sprintf("%d..%d", s.FirstSlot, s.LastSlot) }},
				{"partition", true, func(s shardLine) string { return strconv.Itoa(int(s.Partition)) }},
				{"owner", false, func(s shardLine) string { return s.Owner }},
				{"term", true, func(s shardLine) string { return strconv.FormatInt(s.Term, 10) }},
				{"position", true, func(s shardLine) string { return strconv.FormatInt(s.Position, 10) }},
				{"topic", false, func(s shardLine) string { return s.Topic }},
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
