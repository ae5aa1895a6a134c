package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/cmd/millrace/internal/status"
)

// cluster is a Millrace cluster of one run, without its node.
type cluster struct {
	svc  *service.Service
	view string
}

// openCluster creates the stream over the topic and the view of qa, from the
// topic's beginning. The caller closes it.
func (at *servers) openCluster(ctx context.Context, _ *Settings, name, topic string, shards int) (*cluster, error) {
	q := qa()
	return at.openQuery(ctx, &q, name, topic, shards)
}

// openQuery does it for any query.
func (at *servers) openQuery(ctx context.Context, q *query, name, topic string, shards int) (*cluster, error) {
	settings := at.settings
	settings.Node.Cluster, settings.Node.Node = at.name+"-"+name, "node"
	if shards > 0 { // the partials topic has just as many partitions, so that nodes share them evenly
		settings.Service.NumShards = shards
	}
	svc, err := service.Open(ctx, settings, quiet())
	if err != nil {
		return nil, err
	}
	c := &cluster{svc: svc, view: "view_" + name}
	for _, sql := range []string{
		fmt.Sprintf(`CREATE STREAM bids_%s (%s) WITH (topic = '%s')`, name, q.columns, topic),
		fmt.Sprintf(`CREATE CONTINUOUS VIEW %s WITH (start = 'earliest') AS %s`, c.view, q.view("bids_"+name)),
	} {
		if _, err := svc.DDL().Execute(ctx, sql); err != nil {
			svc.Close()
			return nil, fmt.Errorf("%s: %w", sql, err)
		}
	}
	return c, nil
}

// environ is what the cluster's node is told.
func (c *cluster) environ(s *Settings) []string {
	env := []string{
		"MILLRACE_CLUSTER=" + c.svc.Settings.Node.Cluster, "MILLRACE_NODE=node",
		"MILLRACE_HTTP_ADDR=127.0.0.1:0", "MILLRACE_LOG_LEVEL=warn",
		fmt.Sprintf("MILLRACE_LANES=%d", s.Lanes),
	}
	if s.Interval > 0 {
		env = append(env, fmt.Sprintf("MILLRACE_FLUSH_INTERVAL=%v", s.Interval), fmt.Sprintf("MILLRACE_FOLD_INTERVAL=%v", s.Interval))
	}
	return env
}

// folded waits until everything is in the view.
func (c *cluster) folded(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Minute, fmt.Errorf("not folded within 10 minutes"))
	defer cancel()
	return (&status.Reader{Kafka: c.svc.Admin, Catalog: c.svc.Catalog, Store: c.svc.Store}).Flush(ctx, c.view)
}

// drop drops the view, its stream and the topics that are Millrace's own.
func (c *cluster) drop(ctx context.Context, name string) error {
	defer c.svc.Close()
	if _, err := c.svc.DDL().Execute(ctx, "DROP STREAM bids_"+name+" CASCADE"); err != nil {
		return fmt.Errorf("drop the run's stream: %w", err)
	}
	return nil
}
