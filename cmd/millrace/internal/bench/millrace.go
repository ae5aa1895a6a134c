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

// openCluster creates the stream over the topic and the view, from the topic's
// beginning. The caller closes it.
func (at *servers) openCluster(ctx context.Context, s *Settings, name, topic string, shards int) (*cluster, error) {
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
		fmt.Sprintf(`CREATE STREAM bids_%s (auction bigint, bidder bigint, price bigint, channel text, url text, "dateTime" timestamp, extra text) WITH (topic = '%s')`, name, topic),
		fmt.Sprintf(`CREATE CONTINUOUS VIEW %s WITH (start = 'earliest') AS
			SELECT channel, count(*), sum(price), avg(price), min(price) AS low, max(price) AS high FROM bids_%s GROUP BY channel`, c.view, name),
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
	return []string{
		"MILLRACE_CLUSTER=" + c.svc.Settings.Node.Cluster, "MILLRACE_NODE=node",
		"MILLRACE_HTTP_ADDR=127.0.0.1:0", "MILLRACE_LOG_LEVEL=warn",
		fmt.Sprintf("MILLRACE_LANES=%d", s.Lanes),
		fmt.Sprintf("MILLRACE_FLUSH_INTERVAL=%v", s.Interval), fmt.Sprintf("MILLRACE_FOLD_INTERVAL=%v", s.Interval),
	}
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
