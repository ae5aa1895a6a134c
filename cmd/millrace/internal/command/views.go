package command

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/cmd/millrace/internal/status"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// viewLine is a view as `millrace views` shows it.
type viewLine struct {
	View       string   `json:"view"`
	Stream     string   `json:"stream"`
	Topic      string   `json:"topic"`
	Shards     int      `json:"shards"`
	Columns    []string `json:"columns"`
	Groups     *int64   `json:"groups"`
	LagRecords int64    `json:"lag_records"`
	LagSeconds *float64 `json:"lag_seconds"`
	Revision   int64    `json:"revision"`
	Select     string   `json:"select"`
}

func (a *app) viewsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "views [VIEW…]",
		Short: "List the continuous views",
		Long: `List the continuous views: the stream that each reads, its shards, how many
groups it has (an estimate where they are many), how many records it is behind
and since when, and its SELECT.

With --json: an array of {"view", "stream", "topic", "shards", "columns",
"groups", "lag_records", "lag_seconds", "revision", "select"}. groups is null
where the view's table does not exist, lag_seconds where nothing is folded yet.`,
		Example: "  millrace views\n  millrace views by_url --json",
		RunE: func(cmd *cobra.Command, names []string) error {
			e := &engine{app: a}
			defer e.close()
			return a.views(cmd.Context(), e, names, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) views(ctx context.Context, e *engine, names []string, asJSON bool) error {
	svc, err := e.open(ctx)
	if err != nil {
		return err
	}
	progress, err := reader(svc).Lag(ctx, names...)
	if err != nil {
		return err
	}
	current, err := svc.Catalog.Read(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	var all []viewLine
	for _, v := range current.Views() {
		if len(names) > 0 && !slices.Contains(names, v.Name) {
			continue
		}
		line := viewLine{View: v.Name, Shards: v.Shards, Columns: []string{}, Revision: int64(v.Created), Select: v.Select}
		if s, ok := current.StreamByID(v.Stream); ok {
			line.Stream, line.Topic = s.Name, s.Topic
		}
		line.LagRecords, line.LagSeconds = lagOf(v.Name, progress, now)
		if err := describe(ctx, svc, v, &line); err != nil {
			return err
		}
		all = append(all, line)
	}
	return list(a.out, asJSON, all, []column[viewLine]{
		{"view", false, func(v viewLine) string { return v.View }},
		{"stream", false, func(v viewLine) string { return v.Stream }},
		{"shards", true, func(v viewLine) string { return strconv.Itoa(v.Shards) }},
		{"groups", true, func(v viewLine) string { return optional(v.Groups) }},
		{"lag", true, func(v viewLine) string { return strconv.FormatInt(v.LagRecords, 10) }},
		{"lag_seconds", true, func(v viewLine) string { return seconds(v.LagSeconds) }},
		{"revision", true, func(v viewLine) string { return strconv.FormatInt(v.Revision, 10) }},
		{"select", false, func(v viewLine) string { return v.Select }},
	})
}

func optional(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// lagOf adds up a view's lag. Its age is that of the newest record folded, 0
// where nothing is missing.
func lagOf(view string, progress []status.Progress, now time.Time) (records int64, age *float64) {
	var newest time.Time
	for _, p := range progress {
		if p.View == view {
			records += p.Lag()
			if p.Newest.After(newest) {
				newest = p.Newest
			}
		}
	}
	return records, ageOf(records, newest, now)
}

func ageOf(records int64, newest, now time.Time) *float64 {
	var behind float64
	switch {
	case records == 0:
	case newest.IsZero():
		return nil
	default:
		behind = max(0, now.Sub(newest).Seconds())
	}
	return &behind
}

// exactBelow is how many groups are counted; of larger tables PostgreSQL's own
// estimate is taken. A group may have a row for each shard, so hashes count.
const exactBelow = 100_000

// describe fills in what the view's relations in the database tell.
func describe(ctx context.Context, svc *service.Service, v *topology.View, line *viewLine) error {
	pool := svc.Store.Pool()
	rel, err := schema.Lookup(ctx, pool, svc.Settings.Node.Cluster, v.ID)
	if err != nil || rel.Mrel == "" || rel.View == "" {
		return err
	}
	var estimate int64
	err = pool.QueryRow(ctx, `SELECT coalesce((SELECT (CASE WHEN n_distinct < 0 THEN -n_distinct * reltuples ELSE n_distinct END)::bigint
				FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
				LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = relname AND s.attname = $3 WHERE c.oid = $1::text::regclass), 0),
			ARRAY(SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = $2::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum)`,
		rel.Mrel, rel.View, schema.HashColumn).Scan(&estimate, &line.Columns)
	if err == nil && estimate < exactBelow {
		err = pool.QueryRow(ctx, fmt.Sprintf("SELECT count(DISTINCT %s) FROM %s", schema.HashColumn, rel.Mrel)).Scan(&estimate)
	}
	if err != nil {
		return fmt.Errorf("look at the table of view %q: %w", v.Name, err)
	}
	line.Groups = &estimate
	return nil
}
