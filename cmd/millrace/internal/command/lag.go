package command

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// lagLine is how far a view is in one partition of its topic.
type lagLine struct {
	View       string     `json:"view"`
	Topic      string     `json:"topic"`
	Partition  int32      `json:"partition"`
	Start      int64      `json:"start"`
	Folded     int64      `json:"folded"`
	End        int64      `json:"end"`
	LagRecords int64      `json:"lag_records"`
	LagSeconds *float64   `json:"lag_seconds"`
	Newest     *time.Time `json:"newest"`
}

func (a *app) lagCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lag [VIEW…]",
		Short: "Show how far each view is folded, per partition",
		Long: `Show how far each view is folded in each partition of its topic: where it
started, the offset before which everything counts, the partition's end, and
what is missing.

With --json: an array of {"view", "topic", "partition", "start", "folded",
"end", "lag_records", "lag_seconds", "newest"}. newest is the Kafka timestamp of
the newest record folded, null where there is none.`,
		Example: "  millrace lag\n  millrace lag by_url --json | jq '[.[].lag_records] | add'",
		RunE: func(cmd *cobra.Command, names []string) error {
			e := &engine{app: a}
			defer e.close()
			return a.lag(cmd.Context(), e, names, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) lag(ctx context.Context, e *engine, names []string, asJSON bool) error {
	svc, err := e.open(ctx)
	if err != nil {
		return err
	}
	progress, err := reader(svc).Lag(ctx, names...)
	if err != nil {
		return err
	}
	now := time.Now()
	var all []lagLine
	for _, p := range progress {
		line := lagLine{
			View: p.View, Topic: p.Topic, Partition: p.Partition, Start: p.Start, Folded: p.Folded, End: p.End,
			LagRecords: p.Lag(), LagSeconds: ageOf(p.Lag(), p.Newest, now),
		}
		if !p.Newest.IsZero() {
			newest := p.Newest.UTC()
			line.Newest = &newest
		}
		all = append(all, line)
	}
	number := func(f func(lagLine) int64) func(lagLine) string {
		return func(l lagLine) string { return strconv.FormatInt(f(l), 10) }
	}
	return list(a.out, asJSON, all, []column[lagLine]{
		{"view", false, func(l lagLine) string { return l.View }},
		{"topic", false, func(l lagLine) string { return l.Topic }},
		{"partition", true, number(func(l lagLine) int64 { return int64(l.Partition) })},
		{"start", true, number(func(l lagLine) int64 { return l.Start })},
		{"folded", true, number(func(l lagLine) int64 { return l.Folded })},
		{"end", true, number(func(l lagLine) int64 { return l.End })},
		{"lag", true, number(func(l lagLine) int64 { return l.LagRecords })},
		{"lag_seconds", true, func(l lagLine) string { return seconds(l.LagSeconds) }},
		{"newest", false, func(l lagLine) string {
			if l.Newest == nil {
				return ""
			}
			return l.Newest.Local().Format("2006-01-02 15:04:05")
		}},
	})
}
