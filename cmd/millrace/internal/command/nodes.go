package command

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/status"
	"github.com/millrace/millrace/topology"
)

// nodeLine is a node as `millrace nodes` shows it.
type nodeLine struct {
	Node     string     `json:"node"`
	State    string     `json:"state"`
	Host     string     `json:"host"`
	PID      *int       `json:"pid"`
	Version  string     `json:"version"`
	Lanes    *int       `json:"lanes"`
	Started  *time.Time `json:"started"`
	Joined   *time.Time `json:"joined"`
	Fenced   *time.Time `json:"fenced"`
	Left     *time.Time `json:"left"`
	Expelled *string    `json:"expelled_by"`
	Inputs   *[]part    `json:"input_partitions"`
	Partials *[]part    `json:"partials_partitions"`
}

// part is a partition of a topic.
type part struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
}

func (a *app) nodesCommand() *cobra.Command {
	var asJSON, left bool
	cmd := &cobra.Command{
		Use:   "nodes",
		Short: "List the nodes and what they do",
		Long: `List the nodes of the cluster, where they run, and how many partitions each has:
input partitions, which it reads and aggregates, and partials partitions, whose
shards it folds. The numbers are missing for the moment in which the group chooses
anew who gets what.

A node is starting until it is a member of the group, then running. It is silent
where it lives but is a member no more: it is stopped, or Kafka does not hear
from it. It is dead where it has ended without leaving and the others have
not put its affairs in order yet. With --all, those that are gone since at most a
week are listed too: they have left in order, or were expelled after their death.

With --json: an array of {"node", "state", "host", "pid", "version", "lanes",
"started", "joined", "fenced", "left", "expelled_by", "input_partitions",
"partials_partitions"}. The partitions are arrays of {"topic", "partition"}, null
while nobody knows; expelled_by is the node that found this one dead.`,
		Example: "  millrace nodes\n  millrace nodes --json | jq -r '.[] | select(.state != \"running\") | .node'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e := &engine{app: a}
			defer e.close()
			svc, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			nodes, err := reader(svc).Nodes(cmd.Context(), left)
			if err != nil {
				return err
			}
			return a.nodes(nodes, asJSON)
		},
	}
	cmd.Flags().BoolVar(&left, "all", false, "list nodes that have left, too")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) nodes(nodes []status.Node, asJSON bool) error {
	var all []nodeLine
	for i := range nodes {
		all = append(all, nodeLineOf(&nodes[i]))
	}
	return list(a.out, asJSON, all, []column[nodeLine]{
		{"node", false, func(n nodeLine) string { return n.Node }},
		{"state", false, func(n nodeLine) string { return n.State }},
		{"host", false, func(n nodeLine) string { return n.Host }},
		{"pid", true, func(n nodeLine) string { return optionalInt(n.PID) }},
		{"version", false, func(n nodeLine) string { return n.Version }},
		{"started", false, func(n nodeLine) string { return local(n.Started) }},
		{"lanes", true, func(n nodeLine) string { return optionalInt(n.Lanes) }},
		{"inputs", true, func(n nodeLine) string { return number(n.Inputs) }},
		{"partials", true, func(n nodeLine) string { return number(n.Partials) }},
	})
}

func nodeLineOf(n *status.Node) nodeLine {
	line := nodeLine{
		Node: n.Node, State: string(n.Status), Host: n.Host, Version: n.Version,
		Started: known(n.Started), Joined: known(n.Joined), Fenced: known(n.Fenced), Left: known(n.Left),
	}
	if n.PID != 0 {
		line.PID, line.Lanes = &n.PID, &n.Lanes
	}
	if n.ExpelledBy != "" {
		line.Expelled = &n.ExpelledBy
	}
	if n.Settled {
		line.Inputs, line.Partials = parts(n.Inputs), parts(n.Partials)
	}
	return line
}

// parts is never null: it is asked where the group has told.
func parts(all []topology.TopicPartition) *[]part {
	out := make([]part, len(all))
	for i, tp := range all {
		out[i] = part{tp.Topic, tp.Partition}
	}
	return &out
}

// known returns nil for a time that there is not.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func local(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

func optionalInt(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func number(parts *[]part) string {
	if parts == nil {
		return ""
	}
	return strconv.Itoa(len(*parts))
}
