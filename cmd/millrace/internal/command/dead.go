package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/dead"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/topology"
)

// deadLine is a dead letter as `millrace dead list` shows it.
type deadLine struct {
	At        time.Time  `json:"at"`
	Stream    string     `json:"stream"`
	Topic     string     `json:"topic"`
	Partition int32      `json:"partition"`
	Offset    int64      `json:"offset"`
	Time      *time.Time `json:"time"`
	Stage     string     `json:"stage"`
	SQLState  string     `json:"sqlstate"`
	Reason    string     `json:"reason"`
	Views     []string   `json:"views"`
	Key       *string    `json:"key"`
	Value     *string    `json:"value"`
	KeyRaw    []byte     `json:"key_base64,omitempty"`
	ValueRaw  []byte     `json:"value_base64,omitempty"`
}

func (a *app) deadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "dead",
		Short:   "Look at records that could not be read",
		Example: "  millrace dead list\n  millrace dead list clicks --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.deadListCommand())
	return cmd
}

func (a *app) deadListCommand() *cobra.Command {
	var asJSON bool
	limit := 100
	cmd := &cobra.Command{
		Use:   "list [STREAM…]",
		Short: "List the dead letters of the named streams, or of all",
		Long: `List the records of the named streams, or of all, that could not be decoded or
evaluated: when they were set aside, where they are from, and why.

With --json: an array of {"at", "stream", "topic", "partition", "offset",
"time", "stage", "sqlstate", "reason", "views", "key", "value"}. stage is decode
or evaluate, views are those that miss the record, time is the record's own. A
key or value that is not UTF-8 is null and stands in key_base64 or value_base64.`,
		Example: "  millrace dead list\n  millrace dead list clicks --limit 1000 --json | jq -r .[].value",
		RunE: func(cmd *cobra.Command, names []string) error {
			if limit < 1 {
				return fmt.Errorf("--limit is %d: give 1 or more", limit)
			}
			e := &engine{app: a}
			defer e.close()
			svc, err := e.open(cmd.Context())
			if err != nil {
				return err
			}
			all, err := letters(cmd.Context(), svc, names, limit)
			if err != nil {
				return err
			}
			return a.deadList(asJSON, all)
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().IntVar(&limit, "limit", limit, "how many of each stream, the newest")
	return cmd
}

func (a *app) deadList(asJSON bool, all []deadLine) error {
	return list(a.out, asJSON, all, []column[deadLine]{
		{"at", false, func(l deadLine) string { return l.At.Local().Format("2006-01-02 15:04:05") }},
		{"stream", false, func(l deadLine) string { return l.Stream }},
		{"record", false, func(l deadLine) string { return fmt.Sprintf("%s/%d/%d", l.Topic, l.Partition, l.Offset) }},
		{"stage", false, func(l deadLine) string { return l.Stage }},
		{"sqlstate", false, func(l deadLine) string { return l.SQLState }},
		{"reason", false, func(l deadLine) string { return shorten(l.Reason, 80) }},
		{"views", false, func(l deadLine) string { return strings.Join(l.Views, ", ") }},
		{"value", false, func(l deadLine) string {
			if l.Value == nil {
				return shorten(fmt.Sprintf("%q", l.ValueRaw), 60)
			}
			return shorten(*l.Value, 60)
		}},
	})
}

// letters reads the dead letters of the named streams, or of all, by time.
func letters(ctx context.Context, svc *service.Service, names []string, limit int) ([]deadLine, error) {
	current, err := svc.Catalog.Read(ctx)
	if err != nil {
		return nil, err
	}
	streams := current.Streams()
	if len(names) > 0 {
		streams = streams[:0:0]
		for _, name := range names {
			s, ok := current.Stream(name)
			if !ok {
				return nil, noStream(current, name)
			}
			streams = append(streams, s)
		}
	}
	reader := dead.Reader{Config: svc.Settings.Kafka, Admin: svc.Admin, Log: svc.Log}
	var all []deadLine
	for _, s := range streams {
		found, err := reader.Newest(ctx, s.Name, s.DeadLetters, limit)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			all = append(all, lineOf(l))
		}
	}
	slices.SortStableFunc(all, func(a, b deadLine) int { return a.At.Compare(b.At) })
	return all, nil
}

func lineOf(l dead.Letter) deadLine {
	line := deadLine{
		At: l.At.UTC(), Stream: l.Stream, Topic: l.Topic, Partition: l.Partition, Offset: l.Offset,
		Stage: l.Stage, SQLState: l.Code, Reason: l.Reason, Views: append([]string{}, l.Views...),
	}
	if !l.Time.IsZero() {
		t := l.Time.UTC()
		line.Time = &t
	}
	line.Key, line.KeyRaw = textOf(l.Key)
	line.Value, line.ValueRaw = textOf(l.Value)
	return line
}

// textOf returns bytes as text where they are text; nil stays nil.
func textOf(raw []byte) (*string, []byte) {
	if raw == nil || !utf8.Valid(raw) {
		return nil, raw
	}
	text := string(raw)
	return &text, nil
}

// noStream says that a stream is missing, and which there are.
func noStream(c *topology.Catalog, name string) error {
	var names []string
	for _, s := range c.Streams() {
		names = append(names, s.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("stream %q does not exist, nor does any other: CREATE STREAM makes one", name)
	}
	return fmt.Errorf("stream %q does not exist; there are %s", name, strings.Join(names, ", "))
}
